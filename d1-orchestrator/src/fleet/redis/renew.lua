-- KEYS: the nodes, by the moment in ms at which each ends; then the links that are claimed.
-- ARGV: which node, where it is, its time in ms; then the fence of each claim.
-- Answers with the places of those for which there is a higher claim.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local node = ARGV[1] .. ' ' .. ARGV[2]
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), node)
local lost = {}
for place = 2, #KEYS do
  local fence = ARGV[place + 2]
  local known = redis.call('GET', KEYS[place])
  if known and tonumber(string.match(known, '^%d+')) > tonumber(fence) then
    lost[#lost + 1] = place - 2
  else
    redis.call('SET', KEYS[place], fence .. ' ' .. node, 'PX', ARGV[3])
  end
end
return lost
