# frozen_string_literal: true

module Bad
  VALUE = Integer('nowhere') # the fault
end
