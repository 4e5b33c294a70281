import SatchelCore
import Testing

/// Decisions about limits and budgets, by a clock that the test makes up.
struct LimitPolicyTests {
    private let start = 1_800_000_007.0

    private func policy(
        requests: Int? = nil,
        uploads: Int? = nil,
        tokens: Int? = nil,
        bandwidth: Int64? = nil,
        budget: DailyBudget = DailyBudget()
    ) -> LimitPolicy {
        LimitPolicy(
            limits: AccountLimits(
                requestsPerMinute: requests,
                uploadsPerMinute: uploads,
                tokensPerMinute: tokens,
                bandwidth: bandwidth.map { ByteCount($0) }
            ),
            budget: budget
        )
    }

    private let upload = RequestCost(uploads: 1, bytes: 1000)

    @Test func asManyAsTheLimitGoAtOnceAndTheNextWaitsLessThanSeventySeconds() throws {
        var state = LimitState()
        let policy = policy(uploads: 20)
        for _ in 0..<20 { #expect(policy.decide(upload, &state, at: start) == .go) }
        guard case .wait(let until, let reason) = policy.decide(upload, &state, at: start) else {
            Issue.record("the twenty-first goes too")
            return
        }
        #expect(until > start + 60 - 10 && until <= start + 70)
        #expect(reason == "rate limit of 20 uploads a minute")
        #expect(policy.decide(upload, &state, at: until) == .go)
        // Downloads and listings are no uploads.
        #expect(policy.decide(RequestCost(), &state, at: start) == .go)
    }

    @Test(arguments: 1...20) func noSixtySecondsEverHaveMoreThanTheLimit(seed: UInt64) {
        var random = SeededGenerator(seed)
        let limit = Int.random(in: 1...40, using: &random)
        let policy = policy(requests: limit)
        var state = LimitState()
        var now = start
        var gone: [Double] = []
        for _ in 0..<800 {
            switch policy.decide(RequestCost(), &state, at: now) {
            case .go: gone.append(now)
            case .wait(let until, _):
                #expect(until > now && until - now <= 70)
                if Bool.random(using: &random) { now = until }
            case .stop: Issue.record("there is no budget")
            }
            if Int.random(in: 0..<3, using: &random) == 0 { now += Double.random(in: 0..<8, using: &random) }
        }
        for (index, first) in gone.enumerated() {
            let within = gone[index...].prefix { $0 < first + 60 }.count
            #expect(within <= limit)
        }
        #expect(gone.count > limit)
    }

    @Test func whatIsLargerThanTheLimitGoesAloneWhenAMinuteWasQuiet() {
        var state = LimitState()
        let policy = policy(tokens: 1000)
        let large = RequestCost(tokens: 50000)
        #expect(policy.decide(RequestCost(tokens: 10), &state, at: start) == .go)
        guard case .wait(let until, _) = policy.decide(large, &state, at: start) else {
            Issue.record("it goes beside others")
            return
        }
        #expect(policy.decide(large, &state, at: until) == .go)
        #expect(policy.decide(RequestCost(tokens: 10), &state, at: until) != .go)
    }

    @Test func theBandwidthIsPaidOffByAllTogether() {
        var state = LimitState()
        let policy = policy(bandwidth: 1000)
        let large = RequestCost(uploads: 1, bytes: 5000)
        #expect(policy.decide(large, &state, at: start) == .go)
        #expect(policy.decide(large, &state, at: start) == .wait(until: start + 5, "bandwidth of 1 KB/s"))
        #expect(policy.decide(large, &state, at: start + 5) == .go)
        #expect(policy.decide(RequestCost(), &state, at: start + 5) == .go, "no bytes, no wait")
    }

    @Test func aRefusalHalvesTheRateForEverybodyAndItComesBack() {
        var state = LimitState()
        let policy = policy()
        for _ in 0..<120 { #expect(policy.decide(RequestCost(), &state, at: start) == .go) }
        // 120 in the first second are 7200 a minute.
        policy.noteRefusal(&state, retryAfter: 2, at: start + 1)
        policy.noteRefusal(&state, retryAfter: 2, at: start + 1.2)
        #expect(state.ceiling == 3600, "those that were on their way together count once")
        guard case .wait(let until, let reason) = policy.decide(RequestCost(), &state, at: start + 1.5) else {
            Issue.record("the wish is not heeded")
            return
        }
        #expect(reason == "the provider asked to wait")
        #expect(abs(until - start - 3.2) < 1e-6)
        #expect(policy.decide(RequestCost(), &state, at: start + 4) == .go)
        #expect(policy.decide(RequestCost(), &state, at: start + 4) != .go, "evenly now, at 60 a second")
        #expect(policy.decide(RequestCost(), &state, at: start + 4 + 60.0 / 3600 + 0.001) == .go)
        policy.noteRefusal(&state, retryAfter: nil, at: start + 10)
        #expect(state.ceiling.map { $0 <= 1800 } == true)
        // Five minutes without a refusal: all is forgotten.
        for _ in 0..<500 { #expect(policy.decide(RequestCost(), &state, at: start + 311) == .go) }
    }

    @Test func aRefusalOfAFewRequestsPausesThemAndTeachesNoRate() {
        var state = LimitState()
        let policy = policy()
        for second in 0..<5 { #expect(policy.decide(RequestCost(), &state, at: start + Double(second)) == .go) }
        policy.noteRefusal(&state, retryAfter: 3, at: start + 5)
        policy.noteRefusal(&state, retryAfter: nil, at: start + 7)
        #expect(policy.decide(RequestCost(), &state, at: start + 7.5) != .go, "the wish is heeded")
        for _ in 0..<50 { #expect(policy.decide(RequestCost(), &state, at: start + 8) == .go) }
    }

    @Test func manyRefusalsNeverSlowItBelowOneInTwoSeconds() {
        var state = LimitState()
        let policy = policy()
        for _ in 0..<20 { #expect(policy.decide(RequestCost(), &state, at: start) == .go) }
        for second in 0..<12 { policy.noteRefusal(&state, retryAfter: nil, at: start + Double(second) * 2) }
        #expect(state.ceiling == 30)
        #expect(policy.decide(RequestCost(), &state, at: start + 24) == .go)
        #expect(policy.decide(RequestCost(), &state, at: start + 25.9) != .go)
        #expect(policy.decide(RequestCost(), &state, at: start + 26.1) == .go)
    }

    @Test func aClockThatIsPutBackMakesNobodyWaitLonger() {
        var state = LimitState()
        let policy = policy(uploads: 3)
        for _ in 0..<3 { #expect(policy.decide(upload, &state, at: start) == .go) }
        policy.noteRefusal(&state, retryAfter: 30, at: start)
        let before = start - 86400
        guard case .wait(let until, _) = policy.decide(upload, &state, at: before) else {
            Issue.record("the limit is forgotten")
            return
        }
        #expect(until <= before + 80)
        #expect(policy.decide(upload, &state, at: before + 300) == .go)
        #expect(policy.decide(upload, &state, at: start + 86400) == .go)
    }

    @Test func aBudgetStopsBeforeItIsPassedAndBeginsAnewWithTheDay() {
        var state = LimitState()
        let policy = policy(budget: DailyBudget(bytes: ByteCount(2500), uploads: 10, money: Dollars(ticks: 50)))
        #expect(policy.decide(upload, &state, at: start) == .go)
        #expect(policy.decide(upload, &state, at: start) == .go)
        let stopped = policy.decide(upload, &state, at: start)
        guard case .stop(let reason) = stopped else {
            Issue.record("500 bytes are left, 1000 are taken")
            return
        }
        #expect(reason.hasPrefix("budget.bytes_per_day: 2 KB of 2.5 KB are used today (UTC); "))
        policy.giveBack(upload, &state)
        #expect(policy.decide(upload, &state, at: start) == .go, "what never arrived is given back")
        policy.charge(Dollars(ticks: 50) ?? .zero, &state, at: start)
        guard case .stop(let money) = policy.decide(RequestCost(tokens: 1), &state, at: start) else {
            Issue.record("a question is asked although the money is spent")
            return
        }
        #expect(money.contains("budget.money_per_day"))
        #expect(policy.decide(RequestCost(), &state, at: start) == .go, "what costs nothing goes on")
        #expect(policy.decide(upload, &state, at: start - 86400) != .go, "yesterday does not bring it back")
        #expect(policy.decide(upload, &state, at: start + 86400) == .go)
    }

    @Test func moneyIsReadAndChargedExactly() throws {
        #expect(Dollars("0.50")?.ticks == 5_000_000_000)
        #expect(Dollars("1 USD")?.description == "1.00 USD")
        for wrong in ["", "-1", "1 EUR", "1.", ".5", "1,50", "0.12345678901", "999999999"] {
            #expect(Dollars(wrong) == nil, "\(wrong)")
        }
        let price = try #require(Dollars("0.025"))
        #expect(price.charged(bytes: 1 << 30, seconds: 86400) == price)
        #expect(price.charged(bytes: 1 << 29, seconds: 43200).description == "0.00625 USD")
        #expect(price.charged(bytes: 0, seconds: 86400) == .zero)
    }

    @Test func aWindowSurvivesBeingWrittenDown() {
        var state = LimitState()
        _ = policy(requests: 5).decide(RequestCost(requests: 3), &state, at: start)
        _ = policy(requests: 5).decide(RequestCost(requests: 1), &state, at: start + 25)
        #expect(RateWindow(text: state.requests.text) == state.requests)
        #expect(RateWindow(text: "nonsense") == RateWindow())
    }

    @Test func whatWasCountedApartIsAddedOnce() {
        let policy = policy(uploads: 20, budget: DailyBudget(bytes: ByteCount(100_000)))
        var shared = LimitState()
        for _ in 0..<5 { _ = policy.decide(upload, &shared, at: start) }
        let base = shared
        var own = shared
        for _ in 0..<4 { _ = policy.decide(upload, &own, at: start + 15) }
        policy.giveBack(upload, &own)
        // Others went on meanwhile.
        for _ in 0..<3 { _ = policy.decide(upload, &shared, at: start + 20) }
        shared.take(own, since: base)
        #expect(shared.dayUploads == 5 + 4 - 1 + 3 && shared.dayBytes == 11_000)
        let room = (0..<20).prefix { _ in policy.decide(upload, &shared, at: start + 21) == .go }
        #expect(room.count == 20 - 5 - 4 - 3)
        let once = shared
        shared.take(base, since: base)
        #expect(shared == once)
    }

    @Test func whatWasCountedApartOnAnotherDayIsNotAddedToThisOne() {
        let policy = policy(budget: DailyBudget(uploads: 9))
        var own = LimitState()
        _ = policy.decide(upload, &own, at: start)
        var shared = LimitState()
        _ = policy.decide(upload, &shared, at: start + 86400)
        shared.take(own, since: LimitState())
        #expect(shared.dayUploads == 1)
        own = LimitState()
        own.take(shared, since: LimitState())
        #expect(own.dayUploads == 1 && own.day == shared.day)
    }

    @Test func moneyBeyondReasonOverflowsNothing() throws {
        let policy = policy(budget: DailyBudget(money: Dollars("5")))
        var state = LimitState()
        for _ in 0..<20 { policy.charge(.most, &state, at: start) }
        #expect(state.dayMoney == .most)
        guard case .stop = policy.decide(RequestCost(money: .most), &state, at: start) else {
            Issue.record("it goes")
            return
        }
        #expect(Dollars(ticks: .max) == nil && Dollars(ticks: -1) == nil)
        #expect(Dollars.most.adding(.most, times: .max) == .most)
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
