internal import SatchelCore
internal import SatchelWorkspace
internal import Synchronization
internal import Dispatch

/// Which folders the rules leave out, for the watcher's thread to ask.
///
/// A folder that appears after the last look is watched although a rule may leave it out: that costs a watch, while the
/// other mistake would lose changes.
final class SkippedFolders: Sendable {
    private let scanner: WorkspaceScanner
    private let folders: Mutex<Set<WorkspacePath>> = Mutex([])

    init(_ scanner: WorkspaceScanner) { self.scanner = scanner }

    func contains(_ folder: WorkspacePath) -> Bool { folders.withLock { $0.contains(folder) } }

    /// Looks at the rules again.
    func look() async throws {
        let found = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "satchel.rules").async { [scanner] in
                continuation.resume(with: Result { try scanner.skippedFolders() })
            }
        }
        folders.withLock { $0 = found }
    }
}
