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
        let newest = Int64(now().timeIntervalSince1970 - 600) * 1_000_000_000
        let needed = try await neededObjects()
        let unneeded = try await onDiskQueue { [objects] in
            try objects.all().filter { !needed.contains($0.digest) && $0.modified < newest }
        }
        guard !unneeded.isEmpty else { return SweptObjects() }
        // Chats hold no lock: one may have come to need some of them meanwhile.
        let neededNow = try await neededObjects()
        return try await onDiskQueue { [objects] in
            var swept = SweptObjects()
            for object in unneeded where !neededNow.contains(object.digest) {
                guard try objects.remove(object.digest, unlessTouchedSince: newest) else { continue }
                swept.count += 1
                swept.bytes += object.size
            }
            return swept
        }
    }

    private func neededObjects() async throws -> Set<ContentDigest> {
        var needed = try await manifest.pinnedContents()
        for account in try await manifest.accounts() where account.provider == ProviderID.local.rawValue {
            for copy in try await manifest.copies(in: account.id).copies { needed.insert(copy.digest) }
        }
        return needed
    }
}
