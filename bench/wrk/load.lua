-- The requests of one run. Arguments: workload, the number of the first request, students, students who have courses, the hot section, threads.
-- Every request to enroll names a student and a section that none named before, so that each is a real enrollment.
local threads = {}

function setup(thread)
  thread:set("thread_number", #threads)
  table.insert(threads, thread)
end

local function id(kind, n) return string.format("00000000-0000-7%s-8000-%012x", kind, n) end

-- The place in a popularity curve: the r-th of 1,000 is asked for in proportion to 1/r.
local ranks = {}
local function zipf()
  local x, low, high = math.random() * ranks[1000], 1, 1000
  while low < high do
    local middle = math.floor((low + high) / 2)
    if ranks[middle] < x then low = middle + 1 else high = middle end
  end
  return low - 1
end

local first, students, readers, hot, step
local ask = {}
-- The key comes by the environment, where no list of processes shows it.
local credential = "Authorization: Bearer " .. (os.getenv("ENROLLMENT_KEY") or "") .. "\r\n"
local function enroll(n, kind, section)
  local body = '{"section_id":"' .. id(kind, section) .. '"}'
  return "POST /api/v1/students/" .. id("001", n % students) .. "/courses HTTP/1.1\r\nHost: localhost\r\n" .. credential
    .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end
local function get(path) return "GET /api/v1" .. path .. " HTTP/1.1\r\nHost: localhost\r\n" .. credential .. "\r\n" end

-- A student who comes round again asks for another section.
function ask.spread(n) return enroll(n, "011", (n + math.floor(n / students)) % 1000) end
function ask.zipf(n) return enroll(n, "012", math.floor(n / students) * 1000 + zipf()) end
function ask.hot(n) return enroll(n, "013", hot) end
function ask.full(n) return enroll(n, "014", 0) end
function ask.courses() return get("/students/" .. id("001", math.random(0, readers - 1)) .. "/courses") end
function ask.roster() return get("/sections/" .. id("010", math.random(0, 999)) .. "/students") end
function ask.seats() return get("/terms/" .. id("002", 0) .. "/seats") end

local next_request
function init(arguments)
  next_request = ask[arguments[1]]
  first, students, readers = tonumber(arguments[2]), tonumber(arguments[3]), tonumber(arguments[4])
  hot, step = tonumber(arguments[5]), tonumber(arguments[6])
  math.randomseed(first * 31 + thread_number)
  local sum = 0
  for rank = 1, 1000 do
    sum = sum + 1 / rank
    ranks[rank] = sum
  end
  sent = 0
end

function request()
  local n = first + thread_number + sent * step
  sent = sent + 1
  return next_request(n)
end

function done(summary, latency)
  local most = 0
  for _, thread in ipairs(threads) do most = math.max(most, thread:get("sent")) end
  local errors = summary.errors
  io.write(string.format(
    '\n{"seconds": %f, "answers": %d, "errors": %d, "broken": %d, "timeouts": %d, "p50": %f, "p99": %f, "numbers": %d}\n',
    summary.duration / 1e6, summary.requests, errors.status, errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, most * #threads))
end
