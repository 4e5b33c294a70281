import FoundationEssentials
import Glibc
import GRDB
import SatchelCore
import SatchelTestSupport
import Testing

@testable import SatchelManifest

/// Opening: what is migrated, what is refused, and that a refusal leaves the file alone.
@Suite struct SchemaTests {
    private func path(in folder: TemporaryWorkspace) -> String { "\(folder.root)/manifest.db" }

    private func error(opening path: String) -> ManifestError? {
        do throws(ManifestError) {
            _ = try Manifest(at: path)
            return nil
        } catch {
            return error
        }
    }

    @Test func noTwoStepsHaveTheSameName() {
        #expect(Set(Schema.steps.map(\.name)).count == Schema.steps.count)
    }

    @Test func aNewManifestHasTakenEveryStepInOrder() throws {
        let fixture = try ManifestFixture()
        let names = try DatabaseQueue(path: fixture.manifest.path).read { db in
            try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
        }
        #expect(names == Schema.steps.map(\.name))
        #expect(try fixture.value("PRAGMA application_id", as: Int32.self) == Schema.applicationID)
        #expect(try fixture.value("PRAGMA journal_mode", as: String.self) == "wal")
    }

    @Test(arguments: 1...Schema.steps.count)
    func anOlderManifestIsBroughtUpToDateWithItsRows(_ count: Int) async throws {
        let folder = try TemporaryWorkspace()
        var migrator = DatabaseMigrator()
        for (name, sql) in Schema.steps.prefix(count) {
            migrator.registerMigration(name) { db in try db.execute(sql: sql) }
        }
        do {
            let old = try DatabaseQueue(path: path(in: folder))
            try await old.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
            }
            try migrator.migrate(old)
            try await old.write { try $0.execute(sql: "INSERT INTO meta VALUES ('kept', 'since then')") }
        }
        let manifest = try Manifest(at: path(in: folder))
        #expect(try await manifest.setting("kept") == "since then")
        #expect(try await manifest.queue.read(Schema.migrator.hasCompletedMigrations))
    }

    @Test func whatEarlierQuestionsShowedIsTakenOverWithoutWhatForksCopied() async throws {
        let folder = try TemporaryWorkspace()
        var migrator = DatabaseMigrator()
        for (name, sql) in Schema.steps.prefix(while: { !$0.name.hasPrefix("14 ") }) {
            migrator.registerMigration(name) { db in try db.execute(sql: sql) }
        }
        let (one, two) = (ManifestFixture.digest("one").blob, ManifestFixture.digest("two").blob)
        do {
            let old = try DatabaseQueue(path: path(in: folder))
            try await old.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
            }
            try migrator.migrate(old)
            try await old.write { db in
                for id in 1...2 {
                    try db.execute(sql: "INSERT INTO account VALUES (?, 'x', '', '\(id)', 'a', 0)", arguments: [id])
                }
                // The second thread was forked from the first when that had one question, and asked one of its own.
                for (id, begun) in [(1, 10), (2, 15)] {
                    try db.execute(
                        sql:
                            "INSERT INTO thread (id, title, created_at, updated_at, forked_from) VALUES (?, 't', ?, 0, ?)",
                        arguments: [id, begun, id == 2 ? 1 : nil]
                    )
                }
                let questions = [(1, 1, 1, 1, 10), (2, 1, 3, 2, 12), (3, 2, 1, 1, 10), (4, 2, 3, 1, 20)]
                for (id, thread, position, account, time) in questions {
                    try db.execute(
                        sql: """
                            INSERT INTO message (id, thread, position, role, status, text, model, account, created_at)
                            VALUES (?, ?, ?, 'user', 'success', 'q', 'm', ?, ?)
                            """,
                        arguments: [id, thread, position, account, time]
                    )
                }
                for (message, digest) in [(1, one), (3, one), (4, two)] {
                    try db.execute(
                        sql: "INSERT INTO message_file VALUES (?, 0, ?, ?)",
                        arguments: [message, digest, Data("f".utf8)]
                    )
                }
            }
        }
        let manifest = try Manifest(at: path(in: folder))
        let left = try await manifest.leftInQuestions(since: nil).map {
            "\($0.departure.account.rawValue) \($0.departure.digest == ManifestFixture.digest("one") ? 1 : 2)"
        }
        #expect(left.sorted() == ["1 1", "1 1", "1 2", "2 1"])
        #expect(try await manifest.remove(thread: 2))
        #expect(try await manifest.createThread(title: "next", at: .distantPast) == 3)
        #expect(try await manifest.integrityProblem() == nil)
    }

    @Test func aNewerSchemaIsRefusedAndLeftAlone() async throws {
        let folder = try TemporaryWorkspace()
        do {
            let manifest = try Manifest(at: path(in: folder))
            try await manifest.queue.write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 from the future')")
            }
        }
        #expect(error(opening: path(in: folder)) == .newerSchema(path: path(in: folder)))
        let identifiers = try await DatabaseQueue(path: path(in: folder)).read { db in
            try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
        }
        #expect(identifiers == Schema.steps.map(\.name) + ["99 from the future"])
    }

    @Test(arguments: [0, 0x1234_5678])
    func aDatabaseOfSomebodyElseIsRefusedAndLeftAlone(_ applicationID: Int) async throws {
        let folder = try TemporaryWorkspace()
        do {
            let foreign = try DatabaseQueue(path: path(in: folder))
            try await foreign.write { db in
                try db.execute(sql: "CREATE TABLE precious (word TEXT)")
                try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            }
        }
        let before = folder.read("manifest.db")
        #expect(error(opening: path(in: folder)) == .notAManifest(path: path(in: folder)))
        let isUntouched = folder.read("manifest.db") == before
        #expect(isUntouched)
    }

    @Test func whatIsNoDatabaseIsCalledDamaged() throws {
        let folder = try TemporaryWorkspace(["manifest.db": "this is a text that somebody wrote here by mistake\n"])
        let found = error(opening: path(in: folder))
        guard case .corrupt = found else {
            Issue.record("got \(String(describing: found))")
            return
        }
        #expect(folder.text("manifest.db")?.hasPrefix("this is a text") == true)
    }

    @Test func onlyItsOwnerMayReadTheManifest() async throws {
        let folder = try TemporaryWorkspace()
        let manifest = try Manifest(at: path(in: folder))
        try await manifest.setSetting("a", to: "b")
        let names = folder.list().map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(names == ["manifest.db", "manifest.db-shm", "manifest.db-wal"])
        for name in names {
            var status = stat()
            #expect(stat("\(folder.root)/\(name)", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
        withExtendedLifetime(manifest) {}
    }

    @Test func twoProcessesMayOpenANewManifestAtOnce() async throws {
        let folder = try TemporaryWorkspace()
        let path = path(in: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    try await offPoolThrowing { _ = try Manifest(at: path) }
                    try await Manifest(at: path).setSetting("\(index)", to: "here")
                }
            }
            try await group.waitForAll()
        }
        let manifest = try Manifest(at: path)
        for index in 0..<8 { #expect(try await manifest.setting("\(index)") == "here") }
        #expect(try await manifest.integrityProblem() == nil)
    }
}
