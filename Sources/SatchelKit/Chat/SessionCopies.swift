internal import Glibc
internal import SatchelCore
internal import SatchelManifest

extension Workspace {
    /// Runs a chat, one question or many, and then deletes the copies that it alone needed, where `ttl` is 0.
    ///
    /// That happens however the chat ends. What a process that died has left is deleted by the next chat, sync or
    /// clean-up of the account.
    ///
    /// - Parameters:
    ///   - connection: the account.
    ///   - notice: told what could not be deleted; it is tried again later.
    ///   - work: the chat.
    /// - Returns: what `work` does.
    /// - Throws: what `work` does.
    package func whileChatting<T: Sendable>(
        _ connection: Connection,
        notice: (String) -> Void,
        _ work: () async throws -> T
    ) async throws -> T {
        try await endAbandonedLeases(in: connection)
        let result: Result<T, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        do {
            // Also after Ctrl-C: the task is cancelled, but the copies are not to stay.
            let failures = try await Task {
                try await endLeases(of: [ProcessStamp.own], in: connection, keepsDoubtful: true)
            }.value
            for failure in failures { notice("a copy could not be deleted: \(failure); the next sync tries again") }
        } catch {
            notice("copies of this chat could not be deleted: \(error); the next sync tries again")
        }
        return try result.get()
    }

    /// Notes what this process needs copies of, where they are to end with it.
    func leaseForSession(_ digests: Set<ContentDigest>, in connection: Connection) async throws {
        guard isOnDemand(connection) else { return }
        try await manifest.lease(digests, in: connection.id, to: ProcessStamp.own, at: now())
    }

    /// Deletes what chats have left that ended without doing so themselves.
    func endAbandonedLeases(in connection: Connection) async throws {
        if isOnDemand(connection) { _ = try await delete(manifest.unleasedDeletes(in: connection.id), in: connection) }
        let dead = try await manifest.leaseHolders(in: connection.id).filter { !ProcessStamp.isAlive($0) }
        guard !dead.isEmpty else { return }
        let undecided = try await adoptInterrupted(in: connection)
        _ = try await endLeases(of: dead, in: connection, keepsDoubtful: !undecided.isEmpty)
    }

    /// Whether copies are made for the chats that need them only.
    func isOnDemand(_ connection: Connection) -> Bool {
        !connection.traits.staysHere && configuration.ttl(for: connection.account) == .session
    }

    /// - Returns: why copies could not be deleted.
    private func endLeases(
        of holders: Set<String>,
        in connection: Connection,
        keepsDoubtful: Bool
    ) async throws -> [ProviderError] {
        let ended = try await manifest.endLeases(of: holders, in: connection.id, keepsDoubtful: keepsDoubtful)
        return try await delete(ended, in: connection)
    }

    /// Deletes copies that are marked for it.
    ///
    /// - Returns: why copies could not be deleted.
    private func delete(
        _ copies: [Manifest.EndedCopy],
        in connection: Connection
    ) async throws -> [ProviderError] {
        var failures: [ProviderError] = []
        for copy in copies {
            do {
                try await connection.provider.delete(copy.remoteID)
                try await manifest.finishDelete(
                    row: copy.row,
                    of: copy.remoteID,
                    because: "session_ended",
                    at: now()
                )
            } catch let error as ProviderError {
                try await manifest.failDelete(row: copy.row, error: error.message)
                failures.append(error)
            }
        }
        return failures
    }
}

/// Names a process so that another with the same number, later, is not taken for it.
enum ProcessStamp {
    /// This process: its number, and when it was started by the kernel's clock.
    static let own = stamp(of: getpid()) ?? "\(getpid())"

    /// Whether the process with that name still runs.
    static func isAlive(_ stamp: String) -> Bool {
        guard let number = stamp.split(separator: "@").first.flatMap({ Int32($0) }) else { return false }
        return self.stamp(of: number) == stamp
    }

    /// `4711@1234567`, from the 22nd field of `/proc/PID/stat` (proc_pid_stat(5)).
    private static func stamp(of process: Int32) -> String? {
        guard let file = fopen("/proc/\(process)/stat", "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = fread(&buffer, 1, buffer.count, file)
        // The second field is a name in parentheses, which may itself hold spaces and parentheses.
        guard let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = buffer[(end + 1)..<count].split(separator: UInt8(ascii: " "))
        guard fields.count > 19 else { return nil }
        return "\(process)@\(String(decoding: fields[19], as: UTF8.self))"
    }
}
