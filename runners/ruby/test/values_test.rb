# frozen_string_literal: true

require 'minitest/autorun'
require 'runtime_runner/http'

# Values, requests and responses of Ruby's own.
class ValuesTest < Minitest::Test
  include RuntimeRunner

  Point = Struct.new(:x, :y)

  def there_and_back(value)
    Values.decode(Values.encode(value, 'value'))
  end

  def test_what_ruby_has_and_others_have_not
    given = { sym: :bol, 1 => Date.new(2024, 2, 29), 'at' => Time.at(0, 5000), point: Point.new(1, BigDecimal('0.1')) }
    expected = {
      'sym' => 'bol', 1 => '2024-02-29', 'at' => '1970-01-01T00:00:00.005000Z', 'point' => { 'x' => 1, 'y' => '0.1' }
    }
    assert_equal expected, there_and_back(given)
  end

  def test_text_in_other_encodings_becomes_utf8
    assert_equal 'grüße', there_and_back('grüße'.encode('UTF-16LE'))
  end

  def test_a_key_as_text_and_as_symbol_is_refused
    error = assert_raises(Unsendable) { Values.encode({ a: { 'b' => 1, b: 2 } }, 'value') }
    assert_match(/value\.a has the key "b" twice/, error.message)
  end

  def test_a_record_is_read_in_each_way
    record = there_and_back({ 'id' => 1, 'parts' => [{ 'n' => 2 }] })
    assert_equal [1, 1, 1, 2], [record['id'], record[:id], record.id, record.dig(:parts, 0, :n)]
    assert_equal({ 'id' => 5, 'parts' => [] }, record.merge(id: 5, parts: []))
    assert_raises(NoMethodError) { record.nothing }
    assert_nil record[:nothing]
    case record
    in { id: } then assert_equal 1, id
    end
  end

  def test_comments_are_no_json
    ['[1] // one', '/* */ {}', '{"a": 1} /'].each do |body|
      assert_raises(MalformedBody) { Http.request_of('form' => 'json', 'body' => body.b) }
    end
    assert_equal 'a//b', Http.request_of('form' => 'json', 'body' => '{"a": "a//b \" /"}'.b).body.a[0, 4]
  end

  def test_a_response_may_have_symbols_or_texts_as_keys
    assert_equal Http.response_of({ status: 200, body: 'x' }), Http.response_of({ 'status' => 200, 'body' => 'x' })
  end
end
