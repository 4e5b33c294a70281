import FoundationEssentials
import SatchelCore
import SatchelKit
import SatchelTestSupport

/// A workspace of this process, with a clock that the test sets; by default at the local store.
struct WorkspaceFixture {
    let folder: TemporaryWorkspace
    let home: TemporaryWorkspace
    let clock: TestClock
    let workspace: Workspace
    /// Processes that died: closing their databases would delete the logs of those that came after them.
    private let dead: [Workspace]

    init(
        _ files: [RawBytes: RawBytes] = [:],
        environment: [String: String] = [:],
        clock: TestClock = TestClock()
    ) throws {
        folder = try TemporaryWorkspace(files)
        home = try TemporaryWorkspace(named: "home")
        self.clock = clock
        let context = Context(
            environment: ["HOME": home.root].merging(environment) { $1 },
            directory: folder.root,
            now: { clock.now }
        )
        _ = try initialise(context)
        folder.remove("satchel.yaml")
        workspace = try Workspace(context)
        dead = []
    }

    private init(_ fixture: WorkspaceFixture, opening context: Context) throws {
        (folder, home, clock) = (fixture.folder, fixture.home, fixture.clock)
        workspace = try Workspace(context)
        dead = fixture.dead + [fixture.workspace]
    }

    /// The same workspace opened by the next process, after `change` to what is on the disk.
    ///
    /// The one before is left open: what it holds of files that were replaced is nobody's any more.
    func reopened(after change: (TemporaryWorkspace) -> Void) throws -> WorkspaceFixture {
        for name in ["manifest.db", "manifest.db-wal", "manifest.db-shm"] {
            folder.remove(RawBytes(".satchel/\(name)"))
        }
        change(folder)
        return try WorkspaceFixture(self, opening: workspace.context)
    }

    func sync(_ change: (inout SyncOptions) -> Void = { _ in }) async throws -> SyncReport {
        var options = SyncOptions()
        change(&options)
        let connection = try await workspace.connect(notice: { _ in })
        return try await workspace.sync(.everything, to: connection, options: options)
    }

    func cleanup(_ change: (inout CleanupOptions) -> Void = { _ in }) async throws -> CleanupReport {
        var options = CleanupOptions()
        change(&options)
        return try await workspace.cleanup(try await workspace.connect(notice: { _ in }), options: options)
    }

    static let hour: TimeInterval = 3600
}
