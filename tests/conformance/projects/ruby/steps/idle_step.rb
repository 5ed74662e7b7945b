# frozen_string_literal: true

CONFIG = { type: 'noop', name: 'idle', virtualEmits: ['someday'] }
