-- Sends the requests of a file, each once:
--   wrk … -s requests.lua URL -- FILE RESULT-DIRECTORY THREADS CONNECTIONS-OF-EACH
-- A line is PATH <tab> HEADERS AS JSON <tab> BODY. Each thread takes every n-th line; a thread that has sent all of
-- its lines says so in a file and rests, because a repeated delivery would be answered as a duplicate.

local ffi = require("ffi")
ffi.cdef [[ typedef struct { long s; long us; } timeval_t; int gettimeofday(timeval_t *, void *); ]]

local function now()
  local t = ffi.new("timeval_t")
  ffi.C.gettimeofday(t, nil)
  return tonumber(t.s) + tonumber(t.us) / 1e6
end

local count = 0
local threads = {}

function setup(thread)
  thread:set("number", count)
  count = count + 1
  threads[#threads + 1] = thread
end

-- The headers are flat strings, so this is all of JSON that is needed.
local function headers_of(json)
  local headers = {}
  for name, value in json:gmatch('"([^"]+)"%s*:%s*"(.-[^\\])"') do
    headers[name] = value:gsub('\\(["\\/])', "%1")
  end
  return headers
end

function init(args)
  local file, line_number = args[1], 0
  directory, connections = args[2], tonumber(args[4])
  requests, reserved, sent, resting, first, last = {}, 0, 0, 0, 0, 0
  for line in io.lines(file) do
    if line_number % tonumber(args[3]) == number then
      local path, headers, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
      requests[#requests + 1] = wrk.format("POST", path, headers_of(headers), body)
    end
    line_number = line_number + 1
  end
end

-- Asked before each request, and so after each answer: a connection for which no line is left rests for good.
-- When all of them rest, every request has been answered.
function delay()
  if reserved < #requests then
    reserved = reserved + 1
    return 0
  end
  resting = resting + 1
  if resting == connections then io.open(directory .. "/exhausted." .. number, "w"):close() end
  return 3600000
end

function request()
  -- wrk asks once on its own, to see how many requests a string holds.
  if reserved == 0 then return requests[1] end
  if sent == 0 then first = now() end
  sent = sent + 1
  last = now()
  return requests[sent]
end

function done(summary, latency, _)
  local from, to, all = math.huge, 0, 0
  for _, thread in ipairs(threads) do
    from = math.min(from, thread:get("first"))
    to = math.max(to, thread:get("last"))
    all = all + thread:get("sent")
  end
  local errors = summary.errors
  local out = io.open(threads[1]:get("directory") .. "/result", "w")
  out:write(string.format("answered=%d\nsent=%d\nseconds=%.3f\nbad=%d\nbroken=%d\np50_ms=%.2f\np99_ms=%.2f\n",
    summary.requests, all, to - from, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
  out:close()
end
