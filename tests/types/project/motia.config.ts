import { config } from '@motiadev/core'
import { RedisStateAdapter } from '@motiadev/adapter-redis-state'

export default config({
  adapters: { state: new RedisStateAdapter({ host: 'localhost' }) },
  streamAuth: {
    authenticate: ({ headers, url }) => {
      const token: string | string[] | undefined = headers.authorization
      return url.startsWith('/') && token ? { user: String(token) } : null
    },
  },
})
