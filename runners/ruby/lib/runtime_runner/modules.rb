# frozen_string_literal: true

module RuntimeRunner
  # Step and stream files, each loaded into a module of its own, so that no two share constants or methods. What they
  # require is loaded once, as everywhere in Ruby.
  class Modules
    REQUIRE = /^\s*require(_relative)?[\s(]+(['"])([^'"#]+)\2/.freeze

    def initialize(project)
      @project = project
    end

    # The module of a file, loaded anew. What its code raises comes through.
    def load(file)
      path = @project.path(file)
      scope = Module.new
      # Its methods are the module's own as well, so that `def handler` needs no `self.`.
      scope.extend(scope)
      scope.module_eval(File.read(path, encoding: Encoding::UTF_8), path)
      scope
    end

    # The project's files that a file requires with a name written out, directly or not, in path order.
    def imports_of(file)
      found = [file]
      found.each { |each| found.concat(required_by(each) - found) } # grows while it is walked
      found.drop(1).sort
    end

    private

    def required_by(file)
      path = @project.path(file)
      File.read(path, encoding: Encoding::UTF_8).scrub.scan(REQUIRE).filter_map do |relative, _, name|
        place = relative ? File.expand_path(name, File.dirname(path)) : name
        kind, found = $LOAD_PATH.resolve_feature_path(place)
        @project.relative(found) if kind == :rb
      end.uniq
    end
  end
end
