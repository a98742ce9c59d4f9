-- Repeats one GET and writes the counts where a script can read them: wrk … -s repeat.lua URL -- DIRECTORY [HEADER]

function init(args)
  local name, value = (args[2] or ""):match("^([^:]+):%s*(.+)$")
  if name then wrk.headers[name] = value end
  prepared = wrk.format("GET", wrk.path, wrk.headers)
  out_directory = args[1]
end

function setup(thread) any_thread = thread end

function request() return prepared end

function done(summary, latency, _)
  local errors = summary.errors
  local out = io.open(any_thread:get("out_directory") .. "/result", "w")
  out:write(string.format("answered=%d\nseconds=%.3f\nbad=%d\nbroken=%d\np50_ms=%.2f\np99_ms=%.2f\n",
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
  out:close()
end
