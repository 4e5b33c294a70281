import FoundationEssentials
import Glibc

/// Requests of the providers' own SDKs, byte by byte as they were sent: a folder outside of the repository.
package enum Recordings {
    /// From `SATCHEL_WIRE`; nil where there are none.
    package static let folder: String? = getenv("SATCHEL_WIRE").map { String(cString: $0) }

    package static var exist: Bool { folder != nil }

    /// The bytes of a recording such as `openai/01-files.upload.http`.
    package static func bytes(of path: String) throws -> [UInt8] {
        guard let folder, let data = FileManager.default.contents(atPath: "\(folder)/\(path)") else {
            throw SystemFailure("read the recording \(path)", ENOENT)
        }
        return Array(data)
    }
}

extension LoopbackServer {
    /// Sends a recorded request again, over a connection of its own.
    ///
    /// - Returns: the request as this server read it, and its answer.
    package func replay(_ path: String) async throws -> (request: LoopbackRequest, reply: RawClient.Reply) {
        let bytes = try Recordings.bytes(of: path)
        let port = port
        let reply = try await offPoolThrowing {
            var client = try RawClient(port: port)
            client.write(bytes)
            return try client.reply()
        }
        guard let request = requests.last else { throw SystemFailure("find the request of \(path)", ENOENT) }
        return (request, reply)
    }
}
