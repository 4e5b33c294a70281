import Glibc
import SatchelTestSupport

/// What `strike` does to a program at its n-th system call: see `Tests/Strike/strike.c`.
struct Strike: Sendable {
    enum Blow: String, Sendable {
        /// Counts only.
        case count
        /// Ends it before the call is carried out.
        case kill
        case ioError = "EIO"
        case noSpace = "ENOSPC"
        case noDescriptors = "EMFILE"
    }

    /// Everything by which a process changes what outlives it: its disk, and what it says to others and is told.
    static let effects = [
        "pwrite64", "write", "writev", "fsync", "fdatasync", "ftruncate", "fallocate", "rename", "renameat",
        "renameat2",
        "link", "linkat", "unlink", "unlinkat", "sendto", "sendmsg", "recvfrom", "recvmsg", "connect",
    ]

    var blow: Blow
    var at = 0
    /// Also at all calls after it.
    var goesOn = false
    var calls = Strike.effects

    /// False where processes may not trace their children, or the helper was not built.
    static let isPossible: Bool = {
        guard let satchel = try? RunningSatchel(), let program = try? Strike(blow: .count).program(beside: satchel)
        else {
            return false
        }
        var child = pid_t()
        let texts = [program, "count", "0", "write", "/bin/true"]
        let words = texts.map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for word in words { free(word) } }
        guard posix_spawn(&child, program, nil, nil, words, nil) == 0 else { return false }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status == 0
    }()

    private func program(beside satchel: RunningSatchel) throws -> String {
        let folder = satchel.binary.lastIndex(of: "/").map { satchel.binary[..<$0] } ?? "."
        guard access("\(folder)/strike", X_OK) == 0 else { throw SystemFailure("find strike beside satchel", ENOENT) }
        return "\(folder)/strike"
    }

    /// Runs `satchel` with `arguments` and strikes.
    ///
    /// - Returns: how it ended, and how many such calls it came to.
    func run(_ satchel: RunningSatchel, _ arguments: [String]) async throws -> (FinishedProcess, calls: Int) {
        satchel.set("STRIKE_COUNT", "\(satchel.home.root)/strikes")
        let words = [try program(beside: satchel), blow.rawValue, "\(at)\(goesOn ? "+" : "")"]
        let finished = try await satchel.run(arguments, under: words + [calls.joined(separator: ",")])
        let count = satchel.home.text("strikes").flatMap { Int($0.dropLast()) }
        return (finished, count ?? 0)
    }
}
