# frozen_string_literal: true

CONFIG = {
  name: 'tickets',
  schema: { type: 'object', properties: { title: { type: 'string' } } },
  baseConfig: { storageType: 'default' }
}.freeze
