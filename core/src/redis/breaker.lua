-- One circuit of a fleet, in one HASH: docs/fleet-protocol.md says what each operation and field means.
-- Redis 5.0 or later, Valkey: Lua 5.1, no globals, and what is replicated is what was written.
-- It may be sent twice, and people edit the hash: whatever a field holds, nothing here may raise an error but WRONGTYPE.
--
-- What costs: a number read or written (as much as a tenth of a command), and a function that is made (by each local that
-- it uses). So arguments are read where they are needed, operations are branches that say what is to be, and the end writes it.

local key, op, ARGV = KEYS[1], ARGV[1], ARGV
local min, max, format, sub, byte, match = math.min, math.max, string.format, string.sub, string.byte, string.match
local ENDING = '^(%d+)(%+?)(%d*)$' -- an end, and by how much it was put off; `+` and no number: it is not to be
local MOST, MOST_FAILURES, MOST_REPORTS, DOT = 9007199254740991, 1023, 64, 46

-- Numbers from text, and back without an exponent: a whole number from 0 to 2^53 - 1, or nil.
local function number(value)
  local n = tonumber(value)
  if n and n >= 0 and n <= 9007199254740991 and n % 1 == 0 then return n + 0 end -- + 0: "-0" is 0
end
local function text(n)
  if n < 100000000 then return format('%d', n) end
  return format('%d%08d', (n - n % 100000000) / 100000000, n % 100000000) -- a server may have integers of 32 bits
end

local time = redis.call('TIME')
local us = time[1] * 1000000 + time[2] -- the only clock there is
local now = (us - us % 1000) / 1000

local deadline = ARGV[16] ~= '0' and number(ARGV[16]) or 0
if deadline > 0 and (now > deadline or deadline - now > 3600000) then
  return {'expired', 0, 'closed', 0, 0, 0, '', 0, now, 0, -1, ''}
end

-- ---- what there is --------------------------------------------------------------------------------------------------

local fields, told = {}, {} -- told: the fields that tell of failures
local leases, votes, taken = {}, {}, 0 -- leases[token] and votes[instance]: when they end
local late -- late[token]: by how much its end was put off since its holder spoke
local flat = redis.call('HGETALL', key)
for i = 1, #flat, 2 do
  local field, value = flat[i], flat[i + 1]
  fields[field] = value
  local fifth, sixth = byte(field, 5, 6)
  if sixth == DOT and sub(field, 1, 6) == 'lease.' then
    local ends, mark, by = match(value, ENDING)
    local token = sub(field, 7)
    late = late or {}
    leases[token], late[token], taken = number(ends) or 0, mark == '' and 0 or number(by) or MOST, taken + 1
  elseif fifth == DOT then
    local kind = sub(field, 1, 5)
    if kind == 'fail.' then
      told[#told + 1] = field
    elseif kind == 'vote.' then
      votes[sub(field, 6)] = number(value) or 0
    end
  end
end

local state, forced = fields.state, fields.forced
if state ~= 'open' and state ~= 'half_open' then state = 'closed' end
if forced ~= 'open' and forced ~= 'closed' then forced = '' end
local gen = fields.gen and number(fields.gen) or 0
local function usual() -- why a circuit is in its state, where no other reason is written
  return state == 'open' and 'consecutive_failures' or state == 'half_open' and 'recovery_timeout' or 'probes_succeeded'
end
local reason = ''
if fields.reason then
  reason = string.match(fields.reason, '^[a-z_]+$') or ''
elseif gen > 0 then
  reason = usual()
end
local streak = fields.streak and number(fields.streak) or 0
local failures = fields.failures and min(number(fields.failures) or 0, MOST_FAILURES) or 0
local successes = fields.successes and number(fields.successes) or 0
local open_until = fields.open_until and number(fields.open_until) or 0
local last_ok = fields.last_ok and number(fields.last_ok) or -1
local failed_at = fields.failed_at and number(fields.failed_at) or -1
local base_at = fields.base_at and number(fields.base_at) or 0
local quiet, quiet_late = 0, 0
if fields.quiet_until then
  local ends, mark, by = match(fields.quiet_until, ENDING)
  quiet, quiet_late = number(ends) or 0, mark == '' and 0 or number(by) or MOST
end

local gen_was, streak_was, failures_was, successes_was = gen, streak, failures, successes
local open_until_was, last_ok_was, failed_at_was, base_at_was = open_until, last_ok, failed_at, base_at
-- Times that are yet to come are those of a clock that has gone back since.
if last_ok > us then last_ok = -1 end
if base_at > us then base_at = us end -- and it is kept, or a streak would not grow older before the clock is there again
if state ~= 'half_open' then successes = 0 end

local changes = {} -- changes[field]: text, or false where it goes

-- The failures that count: `tracked` by fields that tell of them, and `base` others, which have the time `base_at` or count nothing.
local list, tracked, base, added, newest = {}, 0, 0, nil, 0 -- newest: the time of the latest that a field tells of
local function forget()
  for i = 1, #told do changes[told[i]] = false end
  if added then changes[added] = false end
  list, tracked, base_at, newest = {}, 0, 0, 0
end
if state == 'closed' and failures > 0 then
  for i = 1, #told do
    local field = told[i]
    local value = fields[field]
    local at, count = number(value), 1
    if not at then
      local before, after = string.match(value, '^(%d+)%*(%d+)$')
      at, count = number(before), number(after)
    end
    if at and count then
      if at > us then at, changes[field] = us, text(us) .. (count == 1 and '' or '*' .. text(count)) end
      tracked = tracked + count
      if at > newest then newest = at end
      list[#list + 1] = {field = field, at = at, count = count}
    else
      changes[field] = false
    end
  end
  if newest > 0 then failed_at = max(failed_at, (newest - newest % 1000) / 1000) end
  if tracked > failures then -- somebody has lowered the count
    local latest = max(base_at, newest)
    forget()
    base, base_at = failures, latest
  elseif base_at > 0 then
    base = failures - tracked
  else
    failures = tracked
  end
elseif #told > 0 then
  forget()
end
if state == 'open' and gen > 0 and (reason == 'consecutive_failures' or reason == 'probe_failed') then
  failed_at = max(failed_at, (gen - gen % 1000) / 1000)
end
if failed_at > now then failed_at = now end

-- What an operation decides. `moves`: the reasons of its transitions, in their order; `failed`: the time of a failure, in µs.
local result, extra, moves, failed, success = 'ok', 0, nil, nil, nil
local write, tell = op ~= 'read', false
local opening = 0 -- how long it is, in ms

-- ---- before the operation -------------------------------------------------------------------------------------------

-- Join: a generation that this server has never seen proves that it has lost data.
local seen_state, seen_forced = ARGV[11], ARGV[15]
if seen_state ~= 'open' and seen_state ~= 'half_open' then seen_state = 'closed' end
if seen_forced ~= 'open' and seen_forced ~= 'closed' then seen_forced = '' end
local same_counts = ARGV[12] == (fields.streak or '0') and ARGV[13] == (fields.failures or '0')
if ARGV[10] ~= (fields.gen or '0') or (state == 'closed' and seen_state == 'closed' and not same_counts) then
  local seen_gen = number(ARGV[10]) or 0
  if seen_gen > gen then
    gen, state, streak, write, tell = seen_gen, seen_state, number(ARGV[12]) or 0, true, true
    forget()
    failures, successes = min(number(ARGV[13]) or 0, MOST_FAILURES), 0
    base_at = state == 'closed' and failures > 0 and us or 0
    base = base_at > 0 and failures or 0
    forced, reason = seen_forced, 'restored'
    open_until = state == 'open' and now + (number(ARGV[14]) or 0) or 0
    quiet, quiet_late = now + (number(ARGV[7]) or 1000), 0 -- who probes says so before another may
    changes.quiet_until = text(quiet)
    for instance in pairs(votes) do changes['vote.' .. instance] = false end
    votes = {}
  elseif seen_gen == gen and state == 'closed' and seen_state == 'closed' then
    local seen_streak, seen_failures = number(ARGV[12]) or 0, min(number(ARGV[13]) or 0, MOST_FAILURES)
    if seen_streak > streak or (seen_streak == streak and seen_failures > failures) then
      if seen_streak > streak then forget() end -- those of a streak that has ended
      streak, failures, write = seen_streak, seen_failures, true
      base, base_at = failures - tracked, us
    end
  end
end

-- Clock: one that went back must not make an outage longer.
if state == 'open' and open_until > now then
  local longest = now + (number(ARGV[5]) or 30000)
  if open_until > longest then open_until, write = longest, true end
end

-- Leases and the quiet time.
local touched = fields.touched and number(fields.touched)
if taken > 0 or quiet > 0 then
  local lease, longest = number(ARGV[7]) or 1000, number(ARGV[8]) or 30000
  local unheard = touched and now - touched > lease / 2 -- as long as that, nobody could renew
  -- The end in force, 0 if it is over; by how much it was put off; and what is to be written, if anything is.
  local function look(ends, by)
    if ends > now + 2 * lease then return now + lease, 0, text(now + lease) end
    -- Once whatever the time, for it may be the clock that has leapt; then until the probe must be over.
    local most = by == 0 and now + lease or ends - by + longest
    local later = unheard and ends > touched and min(now + lease, most) or 0
    if later > ends and later > now then
      by = by + later - ends
      return later, by, text(later) .. '+' .. text(by)
    end
    if ends <= now then return 0, 0, false end
    return ends, by
  end
  local said
  for token, ends in pairs(leases) do
    ends, late[token], said = look(ends, late[token])
    if ends == 0 then leases[token], taken = nil, taken - 1 else leases[token] = ends end
    if said ~= nil then changes['lease.' .. token], write = said, true end
  end
  if quiet > 0 then
    quiet, quiet_late, said = look(quiet, quiet_late)
    if said then changes.quiet_until, write = said, true end
  end
end
if quiet == 0 and fields.quiet_until then changes.quiet_until = false end

local remaining = state == 'open' and max(0, open_until - now) or 0

-- ---- operations -----------------------------------------------------------------------------------------------------

-- What is to be counted in CLOSED: a success at `ok_at`, and `count` failures after it, the latest at `at`.
local counting, ok_at, count, at, rid, settle = false, nil, 0, us, '', 0

if op == 'read' then
  result = 'ok'
elseif op == 'report' then
  count = ARGV[19] ~= '0' and min(number(ARGV[19]) or 0, MOST_FAILURES) or 0
  if count > 0 then
    at = max(0, us - (number(ARGV[20]) or 0))
    failed = at
  end
  local admitted = ARGV[17] ~= '0' and number(ARGV[17]) or 0
  -- Not fenced, it belongs here if it has happened since the generation began; that it is ahead is another server's clock.
  local belongs = admitted == gen or (admitted == 0 and (count == 0 or at >= gen or gen > us))
  if state ~= 'closed' or forced ~= '' or not belongs then
    result = 'late'
  elseif failures + count > 0 then
    local age = number(ARGV[18])
    counting, ok_at, rid, settle = true, age and max(0, us - age), ARGV[21] or '', number(ARGV[22]) or 0
  end
elseif op == 'acquire' then
  local token, places, lease = ARGV[17] or '', number(ARGV[6]) or 1, number(ARGV[7]) or 1000
  if forced == 'open' then
    result, extra = 'denied', -1
  elseif forced == 'closed' or state == 'closed' then
    result = 'closed'
  elseif remaining > 0 then
    result, extra = 'denied', remaining
  else
    if state == 'open' then moves = {'recovery_timeout'} end
    if leases[token] or (taken < places and quiet == 0) then
      if not leases[token] then taken = taken + 1 end
      leases[token], changes['lease.' .. token] = now + lease, text(now + lease)
      result, extra = 'granted', lease
    else
      local wait, often = taken < places and 1 or lease, quiet > 0
      if taken >= places then
        for other, ends in pairs(leases) do
          wait, often = min(wait, ends - now), often or (late[other] > 0 and late[other] < MOST)
        end
      end
      wait = max(wait, quiet - now)
      -- Contacts as dense as that tell an outage from silence.
      result, extra = 'denied', often and min(wait, math.ceil(lease / 6)) or wait
    end
  end
elseif op == 'renew' then
  local token, lease = ARGV[17] or '', number(ARGV[7]) or 1000
  if not leases[token] and taken >= (number(ARGV[6]) or 1) then
    result = 'lost'
  else
    extra = min(number(ARGV[19]) or lease, 2 * lease)
    if not leases[token] then taken = taken + 1 end
    leases[token], changes['lease.' .. token] = now + extra, text(now + extra) .. (extra < lease and '+' or '')
    result = state == 'half_open' and forced == '' and number(ARGV[18]) == gen and 'granted' or 'late'
  end
elseif op == 'done' then
  local token, admitted, outcome, again = ARGV[17] or '', number(ARGV[18]) or 0, ARGV[19], ARGV[20] == '1'
  local had = leases[token]
  local holds = had or (not again and taken < (number(ARGV[6]) or 1)) -- its lease is over, but nobody has taken the place
  if had then leases[token], taken, changes['lease.' .. token] = nil, taken - 1, false end
  tell = tell or (had and state == 'half_open' and forced == '') -- a place is free
  if outcome == 'fail' then failed = us end
  local fenced = admitted ~= 0
  if forced ~= '' or (fenced and (state ~= 'half_open' or admitted ~= gen or not holds)) then
    result = 'late'
  elseif not fenced and (remaining > 0 or (again and not had)) then
    result = 'late' -- as `step` does for an outcome without a ticket; what was sent before has been counted
  elseif outcome == 'ok' or outcome == 'fail' then
    if state == 'closed' then
      counting = true
      if failed then ok_at, count, rid = last_ok, 1, token else ok_at = us end
      counting = failures + count > 0
    else
      if state == 'open' then moves = {'recovery_timeout'} end
      local ends
      if failed then
        ends = 'probe_failed'
      elseif fields['ok.' .. token] then
        result = 'late' -- a client may send a command twice by itself, and then `again` does not say so
      else
        if token ~= '' then success, changes['ok.' .. token] = 'ok.' .. token, '1' end
        successes = successes + 1
        if successes >= (number(ARGV[4]) or 2) then ends = 'probes_succeeded' end
      end
      if ends then
        moves = moves or {}
        moves[#moves + 1] = ends
      end
    end
  end
elseif op == 'trip' then
  local admitted, instance, vote = number(ARGV[17]) or 0, ARGV[18] or '', number(ARGV[19]) or 0
  local recovery = number(ARGV[5]) or 30000
  opening = min(number(ARGV[22]) or recovery, recovery)
  if instance ~= '' and vote == 0 then
    votes[instance], changes['vote.' .. instance] = nil, false
  elseif forced ~= '' or (admitted ~= 0 and (admitted ~= gen or state ~= 'closed')) then
    result = 'late'
  elseif state == 'open' then
    open_until, tell = now + opening, true
  else
    local sum = 1
    if instance ~= '' and state == 'closed' then
      sum = 0
      votes[instance], changes['vote.' .. instance] = now + vote, text(now + vote)
      for other, ends in pairs(votes) do
        if ends <= now or ends > now + 2 * vote then changes['vote.' .. other] = false else sum = sum + 1 end
      end
    end
    if sum < (number(ARGV[20]) or 1) then
      result, extra = 'votes', sum
    else
      failures = max(failures, min(number(ARGV[21]) or 0, MOST_FAILURES))
      moves = {'tripped'}
    end
  end
elseif op == 'force' and (ARGV[17] == 'open' or ARGV[17] == 'closed' or ARGV[17] == '') then
  local order = ARGV[17]
  if order ~= '' then changes.forced_reason = ARGV[18] ~= '' and ARGV[18] end
  if forced ~= order or (order ~= '' and state ~= order) then
    forced = order
    moves = {order == 'open' and 'isolated' or order == 'closed' and 'disabled' or 'reset'}
  end
elseif op == 'reset' then
  for instance in pairs(votes) do changes['vote.' .. instance] = false end
  if forced ~= '' or state ~= 'closed' then
    forced, moves = '', {'reset'}
  elseif failures > 0 then
    forget()
    failures, streak, tell = 0, min(streak + 1, MOST), true
  end
else
  return redis.error_reply('ERR circuit breaker: unknown operation')
end

if counting then
  local before, refuted, known, kept = failures, 0, false, list
  local field = 'fail.' .. rid
  if count > 0 then
    for i = 1, #list do known = known or list[i].field == field end
  end
  if ok_at and (ok_at > last_ok or (ok_at == last_ok and count == 0)) then
    last_ok, kept = ok_at, {}
    for i = 1, #list do
      local one = list[i]
      if one.at > ok_at then kept[#kept + 1] = one else refuted, changes[one.field] = refuted + one.count, false end
    end
    if base_at <= ok_at then base, refuted = 0, refuted + base end
  end
  if known then
    result = 'dup'
  elseif count > 0 and (at > last_ok or (at == last_ok and ok_at == last_ok)) then
    if #kept < MOST_REPORTS and rid ~= '' then
      added, changes[field] = field, text(at) .. (count == 1 and '' or '*' .. text(count))
      kept[#kept + 1] = {field = field, at = at, count = count}
    else
      base_at = base > 0 and max(base_at, at) or at
      base = base + count
    end
  end

  local sum = base
  newest = 0
  for i = 1, #kept do
    local one = kept[i]
    sum = sum + one.count
    if one.at > newest then newest = one.at end
  end
  failures = min(sum, MOST_FAILURES)
  if base == 0 then base_at = 0 end
  if refuted > 0 then streak = min(streak + 1, MOST) end
  tell = tell or refuted > 0 or (before == 0) ~= (failures == 0)

  local threshold = number(ARGV[3]) or 5
  if failures >= threshold then
    local reached = us
    if settle > 0 then -- since the failure by which there were enough
      if base > 0 then kept[#kept + 1] = {at = base_at, count = base} end
      table.sort(kept, function(one, other) return one.at < other.at end)
      local there = 0
      for _, one in ipairs(kept) do
        there, reached = there + one.count, one.at
        if there >= threshold then break end
      end
    end
    local wait = settle * 1000 - (us - reached)
    if wait > 0 then result, extra = 'settle', math.ceil(wait / 1000) else moves = {'consecutive_failures'} end
  end
end

-- A failure that comes late is known of while the circuit is OPEN.
if result == 'late' and forced ~= 'open' and (forced ~= '' or remaining == 0) then failed = nil end
if failed then failed_at = max(failed_at, (failed - failed % 1000) / 1000) end

-- ---- what it comes to -----------------------------------------------------------------------------------------------

local notices
if moves then
  notices = {}
  forget()
  for field in pairs(fields) do
    if sub(field, 1, 3) == 'ok.' then changes[field] = false end
  end
  if success and moves[#moves] ~= 'recovery_timeout' then changes[success] = nil end
  for i, why in ipairs(moves) do
    gen, reason, streak, open_until = min(max(us, gen + 1), MOST), why, 0, 0
    if gen == us then last_ok = -1 end -- `report` tells by `gen` what was before it
    if why == 'recovery_timeout' then
      state = 'half_open'
    elseif why == 'probes_succeeded' or why == 'disabled' or why == 'reset' then
      state, failures, successes = 'closed', 0, 0
    else
      if op ~= 'trip' then opening = number(ARGV[5]) or 30000 end
      if why == 'probe_failed' then failures = min(failures + 1, MOST_FAILURES) end
      state, successes, open_until = 'open', 0, now + opening
    end
    notices[i] = format('1|%s|%s|%d|%d|%d|%s|%s|', text(gen), state, streak, failures, max(0, open_until - now), forced, reason)
  end
  for instance in pairs(votes) do changes['vote.' .. instance] = false end
  if forced == '' then changes.forced_reason = false end
elseif tell then
  local left = state == 'open' and text(max(0, open_until - now)) or '0'
  notices = {format('1|%s|%s|%s|%d|%s|%s|%s|', text(gen), state, text(streak), failures, left, forced, reason)}
end
remaining = state == 'open' and max(0, open_until - now) or 0

if taken > 0 or quiet > 0 then
  if not touched or touched > now or now - touched > (number(ARGV[7]) or 1000) / 8 then
    changes.touched, write = text(now), true
  end
elseif touched then
  changes.touched, write = false, true
end

if write then
  local set, del = {}, {}
  local function put(field, value) -- zero and empty are a field that is not there
    if value == 0 or value == -1 or value == '' then
      if fields[field] then del[#del + 1] = field end
    else
      local length = #set
      set[length + 1], set[length + 2] = field, type(value) == 'number' and text(value) or value
    end
  end
  if gen ~= gen_was then
    put('gen', gen)
    if state ~= fields.state then put('state', state) end
    put('reason', reason ~= usual() and reason or '')
  end
  if streak ~= streak_was then put('streak', streak) end
  if failures ~= failures_was then put('failures', failures) end
  if successes ~= successes_was then put('successes', successes) end
  if open_until ~= open_until_was then put('open_until', open_until) end
  if last_ok ~= last_ok_was then put('last_ok', last_ok) end
  local other = state == 'open' and (reason == 'consecutive_failures' or reason == 'probe_failed') and gen or newest
  local since = other - failed_at * 1000
  local stored = (since < 0 or since >= 1000) and failed_at or -1 -- not where another field tells of it
  if stored ~= failed_at_was then put('failed_at', stored) end
  if base_at ~= base_at_was then put('base_at', base_at) end
  if forced ~= (fields.forced or '') then put('forced', forced) end
  for field, value in pairs(changes) do
    if value ~= fields[field] then put(field, value or '') end
  end
  if #set > 0 and fields.v ~= '1' then put('v', '1') end
  -- First what may be refused, so that then nothing was changed; in pieces, because the stack is not endless.
  for i = 1, #set, 1000 do redis.call('HSET', key, unpack(set, i, min(i + 999, #set))) end
  for i = 1, #del, 1000 do redis.call('HDEL', key, unpack(del, i, min(i + 999, #del))) end
  if #set + #del > 0 then
    local ttl = string.match(ARGV[9] or '', '^[1-9]%d*$')
    if not ttl or #ttl > 15 then ttl = '86400000' end
    if forced ~= '' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ttl) end
  end
end
if notices and ARGV[2] and ARGV[2] ~= '' then
  for _, notice in ipairs(notices) do redis.pcall('PUBLISH', ARGV[2], notice .. key) end
end

local age = failed_at >= 0 and now - failed_at or -1
return {result, gen, state, streak, failures, remaining, forced, extra, now, successes, age, reason}
