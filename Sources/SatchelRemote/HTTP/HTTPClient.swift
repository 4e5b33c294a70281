import Glibc
import Synchronization

/// Sends HTTP requests over libcurl.
///
/// One thread does all transfers and is started by the first request. Connections are kept and reused. Redirects are
/// never followed, because a key must not travel to another host; a request that may have been carried out is never
/// sent twice. Proxies come from the environment as curl reads it (`HTTPS_PROXY`, `NO_PROXY` and so on).
package final class HTTPClient: Sendable {
    private let loop: Mutex<CurlLoop?> = Mutex(nil)
    private let trust: TrustSettings
    private let sendSpeed: Int64?
    private let onExchange: @Sendable () -> Void

    /// - Parameters:
    ///   - trust: which certificates are believed.
    ///   - sendSpeed: bytes a second that one file may take on its way out; nil for no bound.
    ///   - onExchange: called when an exchange begins and when it ends.
    package init(
        trust: TrustSettings = .fromEnvironment(),
        sendSpeed: Int64? = nil,
        onExchange: @escaping @Sendable () -> Void = {}
    ) {
        self.trust = trust
        self.sendSpeed = sendSpeed
        self.onExchange = onExchange
    }

    deinit {
        loop.withLock { $0?.shutDown() }
    }

    /// Sends `request` and waits for the whole answer, whatever its status.
    func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        onExchange()
        defer { onExchange() }
        let sink = CollectingSink(limit: request.limits.body)
        let transfer = Transfer(paced(request), to: sink)
        let loop = try start(transfer)
        let outcome = await withTaskCancellationHandler {
            await sink.wait()
        } onCancel: {
            loop.cancel(transfer)
        }
        return try outcome.get()
    }

    /// Sends `request` and returns as soon as status and headers are there.
    func stream(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPStream {
        let sink = StreamingSink()
        let transfer = Transfer(request, to: sink)
        let loop = try start(transfer)
        let head = await withTaskCancellationHandler {
            await sink.waitForHead()
        } onCancel: {
            loop.cancel(transfer)
        }
        return HTTPStream(head: try head.get(), sink: sink, transfer: transfer, loop: loop)
    }

    private func paced(_ request: HTTPRequest) -> HTTPRequest {
        guard let sendSpeed, case .feed = request.body else { return request }
        var request = request
        request.limits.sendSpeed = sendSpeed
        return request
    }

    private func start(_ transfer: Transfer) throws(HTTPFailure) -> CurlLoop {
        guard !Task.isCancelled else { throw .cancelled }
        let request = transfer.request
        if let header = request.headers.first(where: { !$0.isWellFormed }) {
            // The value may be a key: only the name is shown.
            throw .invalid("header \(header.name.debugDescription) has characters that no header may have")
        }
        let loop: CurlLoop? = loop.withLock { loop in
            if loop == nil { loop = CurlLoop(trust: trust) }
            return loop
        }
        guard let loop else { throw .invalid("libcurl cannot be initialised") }
        loop.start(transfer)
        return loop
    }
}

/// Which certificate authorities are believed: curl's own choice unless the environment says otherwise.
package struct TrustSettings: Hashable, Sendable {
    package var bundle: String?
    package var folder: String?

    package init(bundle: String? = nil, folder: String? = nil) {
        self.bundle = bundle
        self.folder = folder
    }

    /// As the curl tool reads it: `CURL_CA_BUNDLE` alone, else `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    ///
    /// The library leaves this to its callers.
    package static func fromEnvironment() -> TrustSettings {
        func value(_ name: String) -> String? {
            guard let text = getenv(name), text.pointee != 0 else { return nil }
            return String(cString: text)
        }
        if let bundle = value("CURL_CA_BUNDLE") { return TrustSettings(bundle: bundle) }
        return TrustSettings(bundle: value("SSL_CERT_FILE"), folder: value("SSL_CERT_DIR"))
    }
}
