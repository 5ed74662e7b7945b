# frozen_string_literal: true

require 'json'
require 'runtime_runner/values'

module RuntimeRunner
  # The client's body is not what its content type says.
  class MalformedBody < StandardError; end

  # Requests and responses of api steps, by proto/PROTOCOL.md §5.
  module Http
    EVENT_STREAM = 'text/event-stream'
    MAX_NESTING = 512 # levels of a JSON body
    SURROGATE = /\\u[dD][89a-fA-F]/.freeze
    # Every escape of a JSON text, pairs of surrogates as one; the group holds a lone surrogate.
    ESCAPES = /\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)/.freeze
    JSON_TEXTS = /"(?:[^"\\]|\\.)*"/m.freeze

    module_function

    # What the handler gets as `req`, made of the request map. Raises MalformedBody.
    def request_of(payload)
      request = Request.of(payload)
      form, raw, parsed = %w[form body value].map { |key| request.delete(key) }
      text = text_or_bytes(raw || ''.b)
      request['body'] = case form
                        when 'json' then parse(text)
                        when 'text' then text.dup.force_encoding(Encoding::UTF_8).scrub
                        when 'bytes' then raw
                        when 'value' then parsed
                        else Record.new
                        end
      request['rawBody'] = text
      request
    end

    # The encoded response map of what a handler returned. Raises Unsendable for what is no response.
    def response_of(returned)
      unless returned.is_a?(Hash)
        raise Unsendable.new("returned #{returned.nil? ? 'nothing' : "a #{returned.class}"}; " \
                             'an api step returns a Hash such as { status: 200, body: ... }.', 'The handler')
      end

      given = returned.transform_keys(&:to_s)
      form, body = given.key?('body') ? body_of(given['body']) : ['none', ''.b]
      pack(given, form, body)
    end

    # The encoded response map of a response whose body follows it. Raises Unsendable.
    def head_of(returned)
      pack(returned.transform_keys(&:to_s), 'none', ''.b)
    end

    # True when the response's content type is that of server-sent events.
    def event_stream?(returned)
      headers = returned[:headers] || returned['headers'] || {}
      headers.any? do |name, value|
        name.to_s.casecmp?('content-type') && Array(value).first.to_s[/\A[^;]*/].strip.casecmp?(EVENT_STREAM)
      end
    end

    # The JSON text of a value. Raises Unsendable, naming the place from `where` on.
    def to_json(value, where)
      JSON.generate(Values.plain(value, where, json: true), max_nesting: 0)
    end

    def pack(given, form, body)
      response = { 'form' => form, 'body' => body }
      response['status'] = given['status'] if given.key?('status')
      response['headers'] = headers_of(given['headers']) unless given['headers'].nil?
      Values.encode(response, 'response')
    end

    def body_of(body)
      body = body.name if body.is_a?(Symbol)
      return ['json', to_json(body, 'body').b] unless body.is_a?(String)
      return ['bytes', body] if body.encoding == Encoding::BINARY

      ['text', Values.plain(body, 'body').b]
    end

    def headers_of(headers)
      raise Unsendable.new("are a #{headers.class}; headers are a Hash of texts.", 'headers') unless headers.is_a?(Hash)

      headers.compact.to_h do |name, value|
        texts = value.is_a?(Array) ? value.map { |item| header(item, name) } : header(value, name)
        [name.to_s, texts]
      end
    end

    def header(value, name)
      case value
      when String then value.encoding == Encoding::BINARY ? value.encode(Encoding::UTF_8, Encoding::ISO_8859_1) : value
      when Symbol, Integer, Float, true, false then value.to_s
      else
        place = "headers[#{name.inspect}]"
        raise Unsendable.new("is a #{value.class}; a header is text or an array of texts.", place)
      end
    end

    def text_or_bytes(raw)
      text = raw.dup.force_encoding(Encoding::UTF_8)
      text.valid_encoding? ? text : raw
    end

    def parse(text)
      raise MalformedBody, 'The request body is not JSON: it is not UTF-8 text.' if text.encoding == Encoding::BINARY
      # Ruby's parser passes over comments, which JSON does not have.
      raise MalformedBody, 'The request body is not JSON: it holds "/" outside of texts.' if commented?(text)

      # Ruby's parser takes some of them and speaks of none in words for the client.
      raise MalformedBody, 'The request body holds a lone surrogate, which is no text.' if lone_surrogate?(text)

      JSON.parse(text.delete_prefix("\ufeff"), object_class: Record, max_nesting: MAX_NESTING, create_additions: false)
    rescue JSON::NestingError
      raise MalformedBody, "The request body nests deeper than #{MAX_NESTING} levels."
    rescue JSON::ParserError => error
      raise MalformedBody, "The request body is not JSON: #{error.message}"
    end

    def commented?(text)
      text.include?('/') && text.gsub(JSON_TEXTS, '').include?('/')
    end

    def lone_surrogate?(text)
      text.match?(SURROGATE) && text.scan(ESCAPES).any? { |(lone)| lone }
    end

    private_class_method :lone_surrogate?, :pack, :body_of, :headers_of, :header, :text_or_bytes, :parse, :commented?
  end
end
