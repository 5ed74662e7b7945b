# frozen_string_literal: true

# Runs every test: `ruby test/all.rb`.

$LOAD_PATH.unshift(File.join(__dir__, '../lib'))
require 'timeout'
Dir[File.join(__dir__, '*_test.rb')].sort.each { |file| require file }
