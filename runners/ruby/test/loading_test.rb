# frozen_string_literal: true

require_relative 'core_double'

# Configs and files.
class LoadingTest < Minitest::Test
  def entry(files)
    CoreDouble.open(files) do |core|
      assert_empty core.manifest.load_failures.to_a
      return core.manifest.steps.first
    end
  end

  def test_what_a_step_requires_is_named_directly_or_not
    files = {
      'steps/a_step.rb' => "require 'json'\nrequire_relative 'b'\nCONFIG = { type: 'noop', name: 'A' }\n",
      'steps/b.rb' => "require_relative('../steps/c')\n",
      'steps/c.rb' => "require 'set'\n",
      'steps/d.rb' => ''
    }
    assert_equal %w[steps/b.rb steps/c.rb], entry(files).imports.to_a
  end

  def test_files_share_no_names
    steps = %w[a b].to_h do |name|
      ["steps/#{name}_step.rb", "NAME = '#{name}'\nCONFIG = { type: 'event', name: NAME, subscribes: [NAME] }\n" \
                                "def handler(_, _ctx) = own\ndef own = NAME\n"]
    end
    CoreDouble.open(steps) do |core|
      names = %w[a b].each_with_index.map do |name, at|
        core.invoke(at + 1, name)
        core.value
      end
      assert_equal %w[a b], names
    end
  end

  def test_a_schema_for_every_status_and_schemas_by_status_are_told_apart
    config = "{ type: 'api', name: 'A', triggers: [{ responseSchema: { type: 'object' } }], " \
             "responseSchema: { 200 => { type: 'string' }, default: true }, queryParams: [{ name: 'q', schema: {} }] }"
    schemas = entry({ 'steps/a_step.rb' => "CONFIG = #{config}\n" }).schemas.to_h
    assert_equal %w[/queryParams/0/schema /responseSchema/200 /responseSchema/default /triggers/0/responseSchema],
                 schemas.keys.sort
    assert_equal 'true', schemas['/responseSchema/default']
  end
end
