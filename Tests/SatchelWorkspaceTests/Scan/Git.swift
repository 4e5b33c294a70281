import Glibc
import SatchelCore

extension ScratchTree {
    /// Runs git in the workspace and returns what it wrote to its standard output.
    @discardableResult
    func git(_ arguments: String..., environment extra: [String: String] = [:]) throws -> [UInt8] {
        let result = try runProgram(
            ["git", "-C", root] + arguments,
            environment: environment.merging(extra) { $1 }
        )
        guard result.status == 0 else { throw Failed("git \(arguments): \(result.status)") }
        return result.output
    }

    /// What git takes for files of the working tree, in byte order: links and embedded repositories left out.
    func gitFiles() throws -> [WorkspacePath] {
        let output = try git("ls-files", "-co", "--exclude-standard", "--deduplicate", "-z")
        return output.split(separator: 0).compactMap { line -> WorkspacePath? in
            guard line.last != 0x2f else { return nil }
            var status = stat()
            let absolute = (Array(root.utf8) + [0x2f] + line + [0]).map(CChar.init(bitPattern:))
            guard lstat(absolute, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return WorkspacePath(unchecked: Array(line))
        }.sorted()
    }

    /// How the scan's selection differs from git's: lines for a failure message, none when they agree.
    func differencesFromGit() throws -> [String] {
        let wanted = try gitFiles()
        let seen = try scan().files.map(\.path)
        guard wanted != seen else { return [] }
        let missing = Set(wanted).subtracting(seen).sorted().map { "only git: \($0)" }
        let extra = Set(seen).subtracting(wanted).sorted().map { "only the scan: \($0)" }
        return missing + extra + (missing.isEmpty && extra.isEmpty ? ["another order"] : [])
    }
}

/// Starts a program, waits for its end and returns its exit status and what it wrote to its standard output.
func runProgram(
    _ arguments: [String],
    environment: [String: String]
) throws -> (status: Int32, output: [UInt8]) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw ScratchTree.Failed("pipe") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)

    let words = arguments.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var pid = pid_t()
    let code = posix_spawnp(&pid, arguments[0], &actions, nil, words, variables)
    close(ends[1])
    defer { close(ends[0]) }
    guard code == 0 else { throw ScratchTree.Failed("spawn \(arguments[0])") }

    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(ends[0], &chunk, chunk.count)
        if count > 0 {
            output.append(contentsOf: chunk.prefix(count))
        } else if count == 0 || errno != EINTR {
            break
        }
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return (status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f), output)
}
