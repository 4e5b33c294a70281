internal import Dispatch
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

extension Workspace {
    /// Removes objects of the local store that no row and no message names.
    func sweepObjects() async throws {
        let local = try await manifest.accounts().filter { $0.provider == ProviderID.local.rawValue }
        var needed = try await manifest.pinnedContents()
        for account in local {
            for copy in try await manifest.copies(in: account.id).copies { needed.insert(copy.digest) }
        }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue(label: "satchel.sweep").async { [objects, needed] in
                continuation.resume(
                    with: Result {
                        for object in try objects.all() where !needed.contains(object.digest) {
                            try objects.remove(object.digest)
                        }
                    }
                )
            }
        }
    }
}
