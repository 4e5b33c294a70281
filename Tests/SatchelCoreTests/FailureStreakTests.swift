import SatchelCore
import Testing

@Suite struct FailureStreakTests {
    private func note(_ kinds: [ProviderError.Kind?], in streak: inout FailureStreak) -> [Bool] {
        kinds.map { kind in streak.isHopeless(after: kind.map { ProviderError($0, "no") }) }
    }

    @Test func whatConcernsTheAccountEndsItAtOnce() {
        for kind in [ProviderError.Kind.unauthorised, .unreachable, .quota, .budget] {
            var streak = FailureStreak()
            #expect(note([nil, kind], in: &streak) == [false, true])
        }
    }

    @Test func eightInARowEndItAndOneArrivalBeginsAnew() {
        let busy = ProviderError.Kind.temporary(retryAfter: nil)
        var streak = FailureStreak()
        #expect(!note(Array(repeating: busy, count: 7) + [nil], in: &streak).contains(true))
        #expect(note(Array(repeating: busy, count: 8), in: &streak).firstIndex(of: true) == 7)
    }

    @Test func filesWithTroubleOfTheirOwnSayNothingOfTheAccount() {
        var streak = FailureStreak()
        let own: [ProviderError.Kind] = [.rejected, .tooLarge, .changed, .source(.vanished)]
        #expect(!note(Array(repeating: own, count: 20).flatMap(\.self), in: &streak).contains(true))
    }
}
