-- The last minute, as `pool::window` keeps it: marks {at, requests, tokens, …}, ascending, the first 32 exact, later
-- ones by the second. The two must agree: the contract suite runs on both.
local SLOT, EXACT = 1000, 32

local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A clock that was set back must not stretch a mark.
local function leaves(at, now, span)
  return math.min(at, now + SLOT) + span
end

local function live(marks, now, span)
  local kept, ahead = {}, now + SLOT
  for i = 1, #marks, 3 do
    local at = math.min(marks[i], ahead)
    if at + span > now then
      local last = #kept - 2
      if last > 0 and kept[last] >= at then
        kept[last + 1], kept[last + 2] = kept[last + 1] + marks[i + 1], kept[last + 2] + marks[i + 2]
      else
        kept[last + 3], kept[last + 4], kept[last + 5] = at, marks[i + 1], marks[i + 2]
      end
    end
  end
  return kept
end

local function held(marks, axis)
  local sum = 0
  for i = axis, #marks, 3 do sum = sum + marks[i + 1] end
  return sum
end

-- When `need` more fits under `cap`; nil if it does now, false if it never does.
local function opens(marks, axis, need, cap, now, span)
  local room, used = cap - need, held(marks, axis)
  if room < 0 then return false end
  if used <= room then return nil end
  for i = 1, #marks, 3 do
    used = used - marks[i + axis]
    if used <= room then return leaves(marks[i], now, span) end
  end
  return false
end

local function put(marks, now, requests, tokens)
  local last = #marks - 2
  if last > 0 and marks[last] >= now then
    marks[last + 1], marks[last + 2] = marks[last + 1] + requests, marks[last + 2] + tokens
    return marks[last]
  end
  local at = now
  if #marks >= 3 * EXACT then at = math.floor(now / SLOT) * SLOT + SLOT - 1 end
  marks[last + 3], marks[last + 4], marks[last + 5] = at, requests, tokens
  return at
end

local function fix(marks, at, requests, tokens)
  for i = 1, #marks, 3 do
    if marks[i] == at then
      marks[i + 1], marks[i + 2] = math.max(0, marks[i + 1] + requests), math.max(0, marks[i + 2] + tokens)
    end
  end
end
