import SatchelManifest
import SatchelTestSupport
import Testing

/// What a large sync leaves to a watch that lives on.
@Suite struct ManyWritesTests {
    @Test func afterManyWritesTheLogShrinksToItsUsualSize() async throws {
        let fixture = try ManifestFixture()
        let usual = 4_194_304
        func logSize() -> Int { fixture.folder.read("manifest.db-wal")?.count ?? 0 }
        try await fixture.manifest.withRoomForManyWrites {
            let value = String(repeating: "x", count: 80_000)
            for key in 0..<100 { try await fixture.manifest.setSetting("\(key)", to: value) }
        }
        #expect(logSize() > usual, "it was not copied to the main file all the time")
        // The first copies the log, the second begins it anew.
        for value in ["1", "2"] { try await fixture.manifest.setSetting("small", to: value) }
        #expect(logSize() <= usual)
        #expect(try await fixture.manifest.setting("99")?.count == 80_000)
    }

    @Test func whoIsCancelledAmongManyWritesHearsThatAndGivesItsRoomBack() async throws {
        let fixture = try ManifestFixture()
        let writing = Task {
            try await fixture.manifest.withRoomForManyWrites {
                try await fixture.manifest.setSetting("kept", to: String(repeating: "x", count: 8_000_000))
                withUnsafeCurrentTask { $0?.cancel() }
                try Task.checkCancellation()
            }
        }
        await #expect(throws: CancellationError.self) { try await writing.value }
        for value in ["1", "2"] { try await fixture.manifest.setSetting("small", to: value) }
        #expect((fixture.folder.read("manifest.db-wal")?.count ?? 0) <= 4_194_304)
        #expect(try await fixture.manifest.setting("kept")?.count == 8_000_000)
    }
}
