import SatchelCore
import Testing

/// What a watch decides beside syncing: whether it is alive, whether there is an outage to tell, what is due.
@Suite struct WatchCareTests {
    // MARK: Liveness

    @Test func whoGivesSignsIsAlive() {
        var liveness = Liveness()
        // Nothing can be known the first time.
        let answers = [(0, 0.0), (1, 10), (1, 20), (2, 30)].map { signs, now in
            liveness.isAlive(signs: signs, waitsUntil: nil, at: now)
        }
        #expect(answers == [true, true, false, true])
    }

    @Test func whoWaitsForAnInstantIsAliveUntilThen() {
        var liveness = Liveness()
        let answers = [0.0, 10, 20, 30].map { now in liveness.isAlive(signs: 5, waitsUntil: 25, at: now) }
        #expect(answers == [true, true, true, false])
    }

    // MARK: Outages

    @Test func anOutageIsToldWhenItBeginsAndWhenItIsOver() {
        var outage = Outage()
        let early = outage.noteSuccess(at: 0)
        let failures = [10.0, 15, 25].map { outage.noteFailure("refused", at: $0) }
        let since = outage.since
        let successes = [70.0, 80].map { outage.noteSuccess(at: $0) }
        let again = outage.noteFailure("refused", at: 90)
        #expect(early == nil && failures == [.began, nil, nil] && since == 10)
        #expect(successes == [.ended(after: 60), nil] && again == .began)
    }

    @Test func anotherCauseIsToldAgain() {
        var outage = Outage()
        let news = [("refused", 10.0), ("503", 20), ("503", 30)].map { outage.noteFailure($0, at: $1) }
        // It is one outage all the same.
        let end = outage.noteSuccess(at: 40)
        #expect(news == [.began, .began, nil] && end == .ended(after: 30))
    }

    @Test func aClockThatGoesBackMakesNoNegativeOutage() {
        var outage = Outage()
        _ = outage.noteFailure("refused", at: 100)
        let end = outage.noteSuccess(at: 40)
        #expect(end == .ended(after: 0))
    }

    // MARK: Chores

    @Test func nothingIsDueWhereNothingEndsAndNothingIsCleaned() {
        let chores = Chores(cleanupInterval: nil)
        #expect(chores.next == nil)
        #expect(chores.due(at: 1e12).isEmpty)
    }

    @Test func copiesAreRenewedWhenTheyBecomeStale() {
        var chores = Chores(cleanupInterval: nil)
        chores.staleAt = 9400
        #expect(chores.next == 9401)
        #expect(chores.due(at: 9400).isEmpty)
        #expect(chores.due(at: 9401) == [.renewal])
    }

    @Test func aRenewalThatChangedNothingIsNotTriedAgainAtOnce() {
        var chores = Chores(cleanupInterval: nil)
        chores.staleAt = 9400
        chores.renewedAt = 9500
        #expect(chores.next == 9560)
        #expect(chores.due(at: 9501).isEmpty)
    }

    @Test func cleanUpsAreAnIntervalApart() {
        var chores = Chores(cleanupInterval: 86400)
        #expect(chores.next == nil, "not before it is known when the last one was")
        chores.cleanedAt = 1000
        chores.staleAt = 49_400
        #expect(chores.next == 49_401)
        #expect(chores.due(at: 87_400) == [.cleanup, .renewal])
        chores.cleanedAt = 87_400
        chores.staleAt = nil
        #expect(chores.next == 173_800)
    }
}
