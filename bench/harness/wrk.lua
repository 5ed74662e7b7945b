-- wrk's hooks: sends METHOD [BODY] and prints the figures of the run as one line of JSON.
-- wrk ... -s wrk.lua URL -- METHOD [BODY]

function init(args)
  wrk.method = args[1]
  if args[2] then
    wrk.body = args[2]
    wrk.headers["Content-Type"] = "application/json"
  end
end

function done(summary, latency, requests)
  local faults = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "bytes": %d, "mean": %.1f, "p50": %d, "p99": %d, "bad_status": %d, "socket_errors": %d}\n',
    summary.requests, summary.duration, summary.bytes, latency.mean, latency:percentile(50), latency:percentile(99),
    faults.status, faults.connect + faults.read + faults.write + faults.timeout
  ))
end
