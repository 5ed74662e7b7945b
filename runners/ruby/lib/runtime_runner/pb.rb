# frozen_string_literal: true

require 'google/protobuf'
require 'google/protobuf/descriptor_pb'

module RuntimeRunner
  # The messages of proto/runtime/runner/v1, such as `Pb::Hello`, made of their descriptors.
  #
  # Descriptors instead of generated Ruby: generated code of one release of protobuf does not load in others.
  module Pb
    PACKAGE = 'runtime.runner.v1'

    set = Google::Protobuf::FileDescriptorSet.decode(File.binread(File.join(__dir__, '../_gen/runner.binpb')))
    pool = Google::Protobuf::DescriptorPool.generated_pool
    set.file.each do |file|
      pool.add_serialized_file(Google::Protobuf::FileDescriptorProto.encode(file))
      file.message_type.each { |type| const_set(type.name, pool.lookup("#{PACKAGE}.#{type.name}").msgclass) }
    end
  end
end
