import SatchelCore
import SatchelKit
import SatchelManifest
import SatchelRemote
import SatchelWorkspace
import Testing

/// What ends a service so that it is started again, and what so that it is not.
@Suite struct MayPassTests {
    @Test func whatOthersMayGiveBackIsWorthAnotherStart() {
        let errors: [any Error] = [
            StateError.locked(path: "/w/.satchel/lock", holder: nil),
            StateError.failed(doing: "write", path: "/w", cause: "no space", remedy: "", isShortage: true),
            ManifestError.busy(path: "/w"), ManifestError.full(path: "/w"),
            WatchError.instanceLimit(limit: 128),
            StoreError(.full, "local store: full"),
            KeyError("account a: key_command exited with 1", mayPass: true),
        ]
        for error in errors { #expect(mayPass(error), "\(error)") }
    }

    @Test func whatNeedsAPersonIsNot() {
        let errors: [any Error] = [
            StateError.notFolder(path: "/w/.satchel", isLink: true),
            StateError.failed(doing: "write", path: "/w", cause: "permission denied", remedy: ""),
            ManifestError.corrupt(path: "/w", detail: "page 3"), ManifestError.readOnly(path: "/w"),
            WatchError.libraryMissing,
            KeyError("account a: there is no key"),
            WorkspaceError(.stoppedForSafety, "emptied"),
        ]
        for error in errors { #expect(!mayPass(error), "\(error)") }
    }
}
