import SatchelCore
import Testing

/// What a watch decides beside syncing: whether it is alive, whether there is an outage to tell, what is due.
@Suite struct WatchCareTests {
    // MARK: Liveness

    @Test func whoGivesSignsIsAlive() {
        var liveness = Liveness()
        #expect(liveness.isAlive(signs: 0, waitsUntil: nil, at: 0), "nothing can be known the first time")
        #expect(liveness.isAlive(signs: 1, waitsUntil: nil, at: 10))
        #expect(!liveness.isAlive(signs: 1, waitsUntil: nil, at: 20))
        #expect(liveness.isAlive(signs: 2, waitsUntil: nil, at: 30))
    }

    @Test func whoWaitsForAnInstantIsAliveUntilThen() {
        var liveness = Liveness()
        _ = liveness.isAlive(signs: 5, waitsUntil: nil, at: 0)
        #expect(liveness.isAlive(signs: 5, waitsUntil: 25, at: 10))
        #expect(liveness.isAlive(signs: 5, waitsUntil: 25, at: 20))
        #expect(!liveness.isAlive(signs: 5, waitsUntil: 25, at: 30))
    }

    // MARK: Outages

    @Test func anOutageIsToldWhenItBeginsAndWhenItIsOver() {
        var outage = Outage()
        #expect(outage.noteSuccess(at: 0) == nil)
        #expect(outage.noteFailure("refused", at: 10) == .began)
        #expect(outage.noteFailure("refused", at: 15) == nil)
        #expect(outage.noteFailure("refused", at: 25) == nil)
        #expect(outage.since == 10)
        #expect(outage.noteSuccess(at: 70) == .ended(after: 60))
        #expect(outage.noteSuccess(at: 80) == nil)
        #expect(outage.noteFailure("refused", at: 90) == .began)
    }

    @Test func anotherCauseIsToldAgain() {
        var outage = Outage()
        _ = outage.noteFailure("refused", at: 10)
        #expect(outage.noteFailure("503", at: 20) == .began)
        #expect(outage.noteFailure("503", at: 30) == nil)
        #expect(outage.noteSuccess(at: 40) == .ended(after: 30), "it is one outage all the same")
    }

    @Test func aClockThatGoesBackMakesNoNegativeOutage() {
        var outage = Outage()
        _ = outage.noteFailure("refused", at: 100)
        #expect(outage.noteSuccess(at: 40) == .ended(after: 0))
    }

    // MARK: Chores

    @Test func nothingIsDueWhereNothingEndsAndNothingIsCleaned() {
        let chores = Chores(margin: 600, cleanupInterval: nil)
        #expect(chores.next == nil)
        #expect(chores.due(at: 1e12).isEmpty)
    }

    @Test func copiesAreRenewedWhenTheirMarginBegins() {
        var chores = Chores(margin: 600, cleanupInterval: nil)
        chores.soonestEnd = 10_000
        #expect(chores.next == 9401)
        #expect(chores.due(at: 9400).isEmpty)
        #expect(chores.due(at: 9401) == [.renewal])
    }

    @Test func aRenewalThatChangedNothingIsNotTriedAgainAtOnce() {
        var chores = Chores(margin: 600, cleanupInterval: nil)
        chores.soonestEnd = 10_000
        chores.renewedAt = 9500
        #expect(chores.next == 9560)
        #expect(chores.due(at: 9501).isEmpty)
    }

    @Test func cleanUpsAreAnIntervalApart() {
        var chores = Chores(margin: 600, cleanupInterval: 86400)
        #expect(chores.next == nil, "not before it is known when the last one was")
        chores.cleanedAt = 1000
        chores.soonestEnd = 50_000
        #expect(chores.next == 49_401)
        #expect(chores.due(at: 87_400) == [.cleanup, .renewal])
        chores.cleanedAt = 87_400
        chores.soonestEnd = nil
        #expect(chores.next == 173_800)
    }
}
