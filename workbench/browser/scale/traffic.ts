/** Requests a second. */
const RATE = 100
const PAUSE = 20

/** Asks the project's own route again and again while something is measured. */
export async function during<T>(url: string, measure: () => Promise<T>): Promise<T> {
  const underWay = new Set<Promise<unknown>>()
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * RATE
    while (sent < due) {
      const request = fetch(`${url}/ask/${sent++}`).then((response) => response.text())
      underWay.add(request)
      void request.finally(() => underWay.delete(request))
    }
  }, PAUSE)
  try {
    return await measure()
  } finally {
    clearInterval(timer)
    await Promise.all(underWay)
  }
}
