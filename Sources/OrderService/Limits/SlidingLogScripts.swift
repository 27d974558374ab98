import Redis

/// The scripts of the sliding log; each sees all limits of an attempt and runs as one step.
///
/// A log is a sorted set of attempts by the time they were first seen, in microseconds of the
/// server's own clock. Fixed windows and token buckets let up to twice the limit through at
/// their edges; the log of the single attempts does not, and a few dozen members cost nothing.
///
/// `KEYS`: for each limit its log and its `cleared_at`. `ARGV`: the member, how long ago it happened
/// (microseconds), the question's name, then for each limit count, window and retention of the log (microseconds), and
/// whether it starts anew after a success, forgets it, and is enforced (1 or 0).
///
/// What happened long ago is told late, by who could not tell it then. A success may so be heard of
/// before its attempt: a limit that forgets successes keeps a note of it, `<log>:done:<member>`. And
/// what a question has counted whose answer was lost is no repeat when it is asked again, and is given
/// back by it alone: its name stands in `<log>:by:<member>` for an hour.
enum SlidingLogScripts {
    /// Admits the attempt in all limits or in none; a member that is there is the same attempt.
    static let reserve = Script(
        prelude + """
            local isCounted = seenBefore()
            if not isCounted then
                for _, limit in ipairs(limits) do
                    if limit.enforced and used(limit) >= limit.count then
                        return standings(0, 0)
                    end
                end
                add()
            end
            local isRepeat = isCounted and not isOwn(limits[1])
            for _, limit in ipairs(limits) do
                redis.call('SET', by(limit), isRepeat and 'several' or ARGV[3], 'PX', 3600000)
            end
            return standings(1, isRepeat and 1 or 0)
            """
    )

    /// Counts the attempt whether or not there is room for it.
    static let commit = Script(
        prelude + """
            local isRepeat = seenBefore()
            if not isRepeat then add() end
            return standings(1, isRepeat and 1 or 0)
            """
    )

    /// Takes the attempt out of all logs; with a question's name, if that alone has counted it.
    static let cancel = Script(
        prelude + """
            local wasThere = seenBefore()
            for _, limit in ipairs(limits) do
                if ARGV[3] == '' or isOwn(limit) then redis.call('ZREM', limit.log, member) end
            end
            return standings(1, wasThere and 1 or 0)
            """
    )

    /// Notes that the attempt has succeeded, once for each attempt.
    static let succeed = Script(
        prelude + """
            local isRepeat = seenBefore()
            for _, limit in ipairs(limits) do
                local left = math.ceil((at + limit.window - now) / 1000)
                if limit.startsAnew and left > 0 then
                    local text = redis.call('GET', limit.clearedKey)
                    local time, by = string.match(text or '', '^(%d+) (.*)$')
                    if by ~= member and at > tonumber(time or 0) then
                        redis.call('SET', limit.clearedKey, number(at) .. ' ' .. member,
                            'PX', left)
                        limit.from = math.max(limit.from, at)
                    end
                end
                if limit.forgets then
                    redis.call('ZREM', limit.log, member)
                    if left > 0 then redis.call('SET', done(limit), '', 'PX', left) end
                end
            end
            return standings(1, isRepeat and 1 or 0)
            """
    )

    /// Those by which Redis is told later.
    static let ofTelling = [commit, cancel, succeed]

    private static let prelude = """
        local function number(value) return string.format('%.0f', value) end
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local member = ARGV[1]
        local at = now - tonumber(ARGV[2])
        local limits = {}
        for i = 1, #KEYS / 2 do
            local first = 4 + (i - 1) * 6
            local limit = {
                log = KEYS[2 * i - 1], clearedKey = KEYS[2 * i],
                count = tonumber(ARGV[first]), window = tonumber(ARGV[first + 1]),
                retention = tonumber(ARGV[first + 2]), startsAnew = ARGV[first + 3] == '1',
                forgets = ARGV[first + 4] == '1', enforced = ARGV[first + 5] == '1',
            }
            limit.from = now - limit.window
            if limit.startsAnew then
                local text = redis.call('GET', limit.clearedKey)
                if text then
                    limit.from = math.max(limit.from, tonumber(string.match(text, '^%d+')))
                end
            end
            redis.call('ZREMRANGEBYSCORE', limit.log, '-inf', number(now - limit.retention))
            limits[i] = limit
        end
        local function by(limit) return limit.log .. ':by:' .. member end
        local function isOwn(limit) return redis.call('GET', by(limit)) == ARGV[3] end
        local function seenBefore()
            for _, limit in ipairs(limits) do
                if redis.call('ZSCORE', limit.log, member) then return true end
            end
            return false
        end
        local function used(limit)
            return redis.call('ZCOUNT', limit.log, '(' .. number(limit.from), '+inf')
        end
        local function done(limit) return limit.log .. ':done:' .. member end
        local function add()
            for _, limit in ipairs(limits) do
                if not (limit.forgets and redis.call('EXISTS', done(limit)) == 1) then
                    redis.call('ZADD', limit.log, 'NX', number(at), member)
                    redis.call('PEXPIRE', limit.log, math.ceil(limit.retention / 1000))
                end
            end
        end
        local function untilGone(limit, index)
            local found = redis.call('ZRANGEBYSCORE', limit.log, '(' .. number(limit.from),
                '+inf', 'WITHSCORES', 'LIMIT', index, 1)
            if not found[2] then return 0 end
            return math.max(0, tonumber(found[2]) + limit.window - now)
        end
        local function standings(isAdmitted, isRepeat)
            local answer = {isAdmitted, isRepeat}
            for _, limit in ipairs(limits) do
                local count = used(limit)
                local wait = 0
                if count >= limit.count then wait = untilGone(limit, count - limit.count) end
                answer[#answer + 1] = count
                answer[#answer + 1] = wait
                answer[#answer + 1] = untilGone(limit, 0)
            end
            return answer
        end

        """
}
