-- KEYS: the link of a device. ARGV: which node, where it is, the least fence, its time in ms.
-- A link is kept as: fence, node, address. Numbers of this size are exact until the year 2255.
local time = redis.call('TIME')
local fence = math.max(tonumber(ARGV[3]), time[1] * 1000000 + time[2])
local known = redis.call('GET', KEYS[1])
if known then
  fence = math.max(fence, tonumber(string.match(known, '^%d+')) + 1)
end
local text = string.format('%.0f', fence)
redis.call('SET', KEYS[1], text .. ' ' .. ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[4])
return text
