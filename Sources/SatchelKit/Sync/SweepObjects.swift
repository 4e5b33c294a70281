internal import Dispatch
internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote

/// Objects of the local store that were removed.
package struct SweptObjects: Hashable, Sendable {
    package var count = 0
    package var bytes: Int64 = 0
}

extension Workspace {
    /// Removes objects of the local store that no row and no message names, and that nobody added.
    ///
    /// Those of the last minutes stay: a chat keeps what it shows just before it writes that it does.
    ///
    /// - Returns: what was removed.
    /// - Throws: when the store cannot be read or changed.
    func sweepObjects() async throws -> SweptObjects {
        let local = try await manifest.accounts().filter { $0.provider == ProviderID.local.rawValue }
        var needed = try await manifest.pinnedContents()
        for account in local {
            for copy in try await manifest.copies(in: account.id).copies { needed.insert(copy.digest) }
        }
        let newest = Int64(now().timeIntervalSince1970 - 600) * 1_000_000_000
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "satchel.sweep").async { [objects, needed] in
                continuation.resume(
                    with: Result {
                        var swept = SweptObjects()
                        for object in try objects.all()
                        where !needed.contains(object.digest) && object.modified < newest {
                            try objects.remove(object.digest)
                            swept.count += 1
                            swept.bytes += object.size
                        }
                        return swept
                    }
                )
            }
        }
    }
}
