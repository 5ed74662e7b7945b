# frozen_string_literal: true

module RuntimeRunner
  # The folder that holds the user's files; what others wrote may lie in it as well.
  class Project
    FOREIGN_FOLDERS = %w[node_modules vendor].freeze
    RUNNER_FOLDER = File.expand_path('../..', __dir__)

    attr_reader :root

    def initialize(root)
      @root = File.expand_path(root)
      @prefixes = [@root, File.realpath(@root)].uniq.map { |path| File.join(path, '') }
    end

    # The absolute path of a file that is given relative to the project root, with "/".
    def path(file)
      File.join(@root, file)
    end

    # The path relative to the project root; nil for what is not the user's own.
    def relative(path)
      return nil if path.nil? || path.start_with?(File.join(RUNNER_FOLDER, ''))

      prefix = @prefixes.find { |start| path.start_with?(start) }
      return nil if prefix.nil?

      file = path.delete_prefix(prefix)
      foreign?(file) ? nil : file
    end

    private

    def foreign?(file)
      *folders, _name = file.split('/')
      folders.any? { |folder| FOREIGN_FOLDERS.include?(folder) || folder.start_with?('.') }
    end
  end
end
