/// Decides whether a request may go out, as a function of values.
///
/// A limit a minute holds for every sixty seconds, however they are cut; within it everything may go at once. What is
/// larger than a limit goes when nothing else was sent for a minute. After a refusal for speed everything waits as long
/// as the provider wants; if enough was sent to know the rate, it goes on evenly at half of it, which doubles again every
/// half minute.
package struct LimitPolicy: Hashable, Sendable {
    package var limits: AccountLimits
    package var budget: DailyBudget

    package init(limits: AccountLimits, budget: DailyBudget = DailyBudget()) {
        self.limits = limits
        self.budget = budget
    }

    /// Decides about `cost` and counts it in `state` when it may go.
    ///
    /// `now` is in seconds since 1970.
    package func decide(_ cost: RequestCost, _ state: inout LimitState, at now: Double) -> LimitDecision {
        adjustClock(&state, at: now)
        if let reason = overBudget(cost, state) { return .stop(reason) }
        if state.pausedUntil > now { return .wait(until: state.pausedUntil, "the provider asked to wait") }
        if let wait = wait(for: cost, state, at: now) { return .wait(until: wait.until, wait.name) }
        count(cost, &state, at: now)
        return .go
    }

    /// Requests in a minute's window from which a rate can be told; fewer say nothing about the provider's limit.
    private static let measurable = 20
    /// Requests a minute below which nothing is learned: from there on the provider's own wishes are enough.
    private static let slowest = 30.0

    /// The provider said "too fast": everybody pauses, and goes on at half the rate where one was seen.
    package func noteRefusal(_ state: inout LimitState, retryAfter: Double?, at now: Double) {
        adjustClock(&state, at: now)
        if let retryAfter, retryAfter > 0 { state.pausedUntil = max(state.pausedUntil, now + min(retryAfter, 120)) }
        // Requests that were on their way together are refused together: that is one refusal.
        if state.ceiling != nil, now - state.ceilingAt < 1 { return }
        guard let rate = [seenRate(state, at: now), learnedRate(state, at: now)].compactMap(\.self).min() else {
            return
        }
        state.ceiling = max(Self.slowest, rate / 2)
        state.ceilingAt = now
    }

    /// Gives back to the day's budget what never arrived.
    package func giveBack(_ cost: RequestCost, _ state: inout LimitState) {
        state.dayBytes = max(0, state.dayBytes - cost.bytes)
        state.dayUploads = max(0, state.dayUploads - Int64(cost.uploads))
        state.dayMoney = Dollars(clamping: state.dayMoney.ticks - cost.money.ticks)
    }

    /// Adds money that became known only afterwards, such as the price of an answer.
    package func charge(_ money: Dollars, _ state: inout LimitState, at now: Double) {
        adjustClock(&state, at: now)
        state.dayMoney = state.dayMoney.adding(money)
    }

    /// The latest of what has to be waited for; nil when it can go now.
    private func wait(for cost: RequestCost, _ state: LimitState, at now: Double) -> (until: Double, name: String)? {
        var latest: (until: Double, name: String)?
        func note(_ until: Double, _ name: String) {
            if until > now, until > latest?.until ?? 0 { latest = (until, name) }
        }
        func check(_ window: RateWindow, _ amount: Int64, _ limit: Int?, _ unit: String) {
            guard let limit, amount > 0 else { return }
            note(window.opens(for: amount, below: Int64(limit), at: now), "rate limit of \(limit) \(unit) a minute")
        }
        check(state.requests, Int64(cost.requests), limits.requestsPerMinute, "requests")
        check(state.uploads, Int64(cost.uploads), limits.uploadsPerMinute, "uploads")
        check(state.tokens, cost.tokens, limits.tokensPerMinute, "tokens")
        if learnedRate(state, at: now) != nil { note(state.requestsPaidAt, "rate limit, lowered after a refusal") }
        if let limit = limits.bandwidth, cost.bytes > 0 { note(state.bytesPaidAt, "bandwidth of \(limit)/s") }
        return latest
    }

    /// Requests a minute since the window began; nil when they are too few to tell.
    private func seenRate(_ state: LimitState, at now: Double) -> Double? {
        guard state.windowRequests >= Self.measurable else { return nil }
        return Double(state.windowRequests) / max(1, now - state.windowStart) * 60
    }

    /// Requests a minute that go after a refusal; nil when there was none lately.
    private func learnedRate(_ state: LimitState, at now: Double) -> Double? {
        guard let ceiling = state.ceiling, now - state.ceilingAt < 300 else { return nil }
        let halfMinutes = max(0, ((now - state.ceilingAt) / 30).rounded(.down))
        return (0..<Int(halfMinutes)).reduce(ceiling) { rate, _ in rate * 2 }
    }

    private func count(_ cost: RequestCost, _ state: inout LimitState, at now: Double) {
        if now - state.windowStart > 60 {
            state.windowStart = now
            state.windowRequests = 0
        }
        state.windowRequests += cost.requests
        state.requests.add(Int64(cost.requests), at: now)
        state.uploads.add(Int64(cost.uploads), at: now)
        state.tokens.add(cost.tokens, at: now)
        if let rate = learnedRate(state, at: now) {
            state.requestsPaidAt = max(state.requestsPaidAt, now) + Double(cost.requests) * 60 / rate
        }
        if let limit = limits.bandwidth {
            state.bytesPaidAt = max(state.bytesPaidAt, now) + Double(cost.bytes) / Double(max(limit.bytes, 1))
        }
        state.dayBytes += cost.bytes
        state.dayUploads += Int64(cost.uploads)
        state.dayMoney = state.dayMoney.adding(cost.money)
    }

    private func overBudget(_ cost: RequestCost, _ state: LimitState) -> String? {
        let when = "today (UTC); wait for tomorrow, or raise it"
        if let most = budget.bytes, cost.bytes > 0, state.dayBytes + cost.bytes > most.bytes {
            return "budget.bytes_per_day: \(ByteCount(state.dayBytes)) of \(most) are used \(when)"
        }
        if let most = budget.uploads, cost.uploads > 0, state.dayUploads + Int64(cost.uploads) > Int64(most) {
            return "budget.uploads_per_day: \(state.dayUploads) of \(most) are used \(when)"
        }
        let costsMoney = cost.money.ticks > 0 || cost.tokens > 0
        if let most = budget.money, costsMoney, state.dayMoney.ticks + max(cost.money.ticks, 1) > most.ticks {
            return "budget.money_per_day: \(state.dayMoney) of \(most) are used \(when)"
        }
        return nil
    }

    /// A clock that was put back must not make anybody wait for hours, nor give a used budget back.
    private func adjustClock(_ state: inout LimitState, at now: Double) {
        let back = state.updatedAt - now
        if back > 1 {
            state.requests.shift(back: back)
            state.uploads.shift(back: back)
            state.tokens.shift(back: back)
            state.requestsPaidAt -= back
            state.bytesPaidAt -= back
            state.pausedUntil -= back
            state.ceilingAt -= back
            state.windowStart -= back
        }
        state.updatedAt = now
        let day = Int64((now / 86400).rounded(.down))
        guard day > state.day else { return }
        state.day = day
        (state.dayBytes, state.dayUploads, state.dayMoney) = (0, 0, .zero)
    }
}
