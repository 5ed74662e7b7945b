# frozen_string_literal: true

module RuntimeRunner
  # A handler, middleware or hook, with how many arguments it takes.
  class Function
    def initialize(callable)
      @callable = callable
      parameters = callable.respond_to?(:parameters) ? callable.parameters : callable.method(:call).parameters
      kinds = parameters.map(&:first)
      @most = kinds.include?(:rest) ? nil : kinds.count { |kind| %i[req opt].include?(kind) }
    end

    # True when it takes one argument and no more.
    def takes_one?
      @most == 1
    end

    # Calls it with as many of the arguments as it takes.
    def call(*arguments)
      @callable.call(*(@most ? arguments.first(@most) : arguments))
    end
  end
end
