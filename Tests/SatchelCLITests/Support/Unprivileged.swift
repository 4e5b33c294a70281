import Glibc
import SatchelTestSupport

/// The built program run by somebody whom permissions stop, also when the tests run as root.
final class Unprivileged: Sendable {
    let workspace: TemporaryWorkspace
    private let home: TemporaryWorkspace
    private let binary: String
    private let environment: [String: String]

    private static let nobody: UInt32 = 65534

    init(_ files: [RawBytes: RawBytes], environment: [String: String]) throws {
        let satchel = try RunningSatchel()
        binary = satchel.binary
        workspace = try TemporaryWorkspace(files)
        home = try TemporaryWorkspace(named: "home")
        let own = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home.root, "LANG": "C.UTF-8", "TZ": "UTC"]
        self.environment = own.merging(environment) { $1 }
        if isRoot { try giveAway(Array(workspace.root.utf8)) }
        if isRoot { try giveAway(Array(home.root.utf8)) }
    }

    private var isRoot: Bool { geteuid() == 0 }

    /// Makes the file that user's own; nothing to do when the tests run as one.
    func giveAway(_ path: RawBytes) throws {
        if isRoot { try giveAway(Array("\(workspace.root)/".utf8) + path.bytes) }
    }

    private func giveAway(_ path: [UInt8]) throws {
        let finished = Self.changeOwner(path)
        if finished != 0 { throw SystemFailure("chown", finished) }
    }

    /// Changes the owner of a file, or of a folder with all that is in it.
    private static func changeOwner(_ path: [UInt8]) -> Int32 {
        let cPath = path.map { CChar(bitPattern: $0) } + [0]
        guard lchown(cPath, nobody, nobody) == 0 else { return errno }
        guard let stream = opendir(cPath) else { return 0 }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            let code = changeOwner(path + Array("/\(name)".utf8))
            if code != 0 { return code }
        }
        return 0
    }

    func run(_ arguments: [String]) async throws -> FinishedProcess {
        let surroundings = SpawnedProcess.Surroundings(folder: workspace.root, environment: environment)
        let process: SpawnedProcess
        if isRoot {
            let user = ["--reuid", "\(Self.nobody)", "--regid", "\(Self.nobody)", "--clear-groups"]
            process = try SpawnedProcess("/usr/bin/setpriv", user + ["--", binary] + arguments, surroundings)
        } else {
            process = try SpawnedProcess(binary, arguments, surroundings)
        }
        return try await process.finish()
    }
}
