import Glibc
import SatchelCore
import Synchronization

/// The URLs by which Mistral's models read files, kept for as long as they are good.
///
/// Whoever has such a URL has the file: they are secrets, stay in memory, and go nowhere but into chat requests.
final class SignedURLs: Sendable {
    private struct Known {
        var url: Secret
        /// On the clock that only goes forward, in seconds.
        var until: Double
    }

    /// Asked for: from 1 to 168 are taken.
    static let hours = 24

    /// URLs fetched side by side.
    private static let atOnce = 8

    private let endpoint: Endpoint
    private let client: HTTPClient
    private let refusals: Refusals
    private let known = Mutex<[RemoteFileID: Known]>([:])

    init(_ endpoint: Endpoint, client: HTTPClient, refusals: Refusals) {
        self.endpoint = endpoint
        self.client = client
        self.refusals = refusals
    }

    /// A URL for each of the files.
    ///
    /// - Returns: the URLs, and whether any of them is from an earlier call.
    /// - Throws: kind `.gone` when one of the files is not there any more.
    func urls(of ids: [RemoteFileID]) async throws(ProviderError) -> (urls: [RemoteFileID: Secret], hasOld: Bool) {
        let now = seconds()
        let wanted = Set(ids)
        var urls = known.withLock { known in
            known = known.filter { $0.value.until > now }
            return known.filter { wanted.contains($0.key) }.mapValues(\.url)
        }
        let hasOld = !urls.isEmpty
        var missing = wanted.filter { urls[$0] == nil }.sorted { $0.rawValue < $1.rawValue }[...]
        while !missing.isEmpty {
            let few = Array(missing.prefix(Self.atOnce))
            missing = missing.dropFirst(few.count)
            let fetched = await withTaskGroup(of: (RemoteFileID, Result<Secret, ProviderError>).self) { group in
                for id in few { group.addTask { (id, await self.fetched(id)) } }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for id in few {
                guard let url = try fetched[id]?.get() else { continue }
                urls[id] = url
                // Given back an hour before its end, so that none ends on its way.
                let until = now + Double(Self.hours - 1) * 3600
                known.withLock { $0[id] = Known(url: url, until: until) }
            }
        }
        return (urls, hasOld)
    }

    /// Forgets the URLs of these files: they turned out to lead nowhere.
    func forget(_ ids: [RemoteFileID]) {
        known.withLock { known in
            for id in ids { known[id] = nil }
        }
    }

    private func fetched(_ id: RemoteFileID) async -> Result<Secret, ProviderError> {
        do throws(ProviderError) {
            return .success(try await fetch(id))
        } catch {
            return .failure(error)
        }
    }

    /// `GET /v1/files/{id}/url?expiry`.
    private func fetch(_ id: RemoteFileID) async throws(ProviderError) -> Secret {
        guard let segment = pathSegment(id) else { throw ProviderError(.rejected, "file id \(id): is no id") }
        let request = HTTPRequest(
            .get,
            endpoint.url(endpoint.mistralPath("/files/\(segment)/url?expiry=\(Self.hours)")),
            headers: endpoint.mistralHeaders(accept: "application/json"),
            limits: FilesExchange.shortLimits()
        )
        let response: HTTPResponse
        do throws(HTTPFailure) {
            response = try await client.send(request)
        } catch {
            throw refusals.error(error, isRepeatable: true)
        }
        guard (200..<300).contains(response.status) else { throw refusals.error(response, about: .file) }
        guard let url = decodeReply(Reply.self, from: response.body)?.url, url.hasPrefix("https://"),
            let secret = Secret(url)
        else { throw refusals.badReply(response.head, "the answer has no signed URL") }
        return secret
    }

    private struct Reply: Decodable {
        var url: String
    }

    /// Also goes on while the machine sleeps, as the URL's life does.
    private func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
