-- KEYS: one for each ask. ARGV: what each ask takes and the tolerance of its limit, in µs.
-- The law of d1_core::Limit::admit, by the server's own clock: all asks pass, or none is taken.
-- Answers a number for each ask: how far ahead of now what is remembered would be when it
-- passes; when it does not, how long it waits, below zero. Numbers stay exact up to 2^53.
local call, format = redis.call, string.format
local time = call('TIME')
local now = time[1] * 1000000 + time[2]

-- How far ahead of now what is remembered for a key is, as far as its limit lets it count.
local function recall(key, tolerance)
  local known = call('GET', key)
  local ahead = known and known - now or 0
  if ahead < 0 then
    return 0
  end
  return ahead < tolerance and ahead or tolerance
end

-- Remembers for a key what is that far ahead, and no longer than it means anything.
local function remember(key, ahead)
  if ahead > 0 then
    call('SET', key, format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
  end
end

-- What is too far ahead for a limit is brought back, also when it refuses: see Limit::furthest.
local function bring_back(key, tolerance)
  local known = call('GET', key)
  if known and known - now > tolerance then
    remember(key, tolerance)
  end
end

-- Most ask one thing, and that needs no tables.
if #KEYS == 1 then
  local tolerance = ARGV[2] + 0
  local after = recall(KEYS[1], tolerance) + ARGV[1]
  if after <= tolerance then
    remember(KEYS[1], after)
    return { after }
  end
  bring_back(KEYS[1], tolerance)
  return { tolerance - after }
end

local seen, said, pass = {}, {}, true
for i, key in ipairs(KEYS) do
  local tolerance = ARGV[2 * i] + 0
  local ahead = seen[key] or recall(key, tolerance)
  local after = ahead + ARGV[2 * i - 1]
  if after <= tolerance then
    said[i], seen[key] = after, after
  else
    said[i], seen[key], pass = tolerance - after, ahead, false
  end
end
if pass then
  for key, ahead in pairs(seen) do
    remember(key, ahead)
  end
else
  for i, key in ipairs(KEYS) do
    bring_back(key, ARGV[2 * i] + 0)
  end
end
return said
