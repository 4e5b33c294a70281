internal import CCurl
import Glibc

/// A transfer while libcurl works on it; lives and dies on the HTTP thread.
final class LiveTransfer {
    let transfer: Transfer
    let easy: EasyHandle
    var isPaused = false
    /// When a byte last went either way, on the monotonic clock.
    var lastActivity = monotonicSeconds()

    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var reader = HeadReader()
    /// What a callback refused for; libcurl itself then only says that a callback stopped it.
    private var refusal: HTTPFailure?
    /// How often the request began to go out.
    private var attempts = 0
    private var sentBytes: curl_off_t = 0

    init(_ transfer: Transfer, on easy: EasyHandle) {
        self.transfer = transfer
        self.easy = easy
        reader.limit = transfer.request.limits.head
    }

    var idleDeadline: Double { lastActivity + (transfer.isRunningOut ? 1 : transfer.request.limits.idle) }

    /// Sets everything up; false when libcurl refuses an option.
    func prepare(trust: TrustSettings) -> Bool {
        let request = transfer.request
        let handle = easy.handle
        var options = OptionSetter(handle: handle)
        options.set(CURLOPT_URL, request.url)
        options.set(CURLOPT_PATH_AS_IS, 1)
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_NOSIGNAL, 1)
        options.set(CURLOPT_TCP_KEEPALIVE, 1)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.limits.connect))
        if let total = request.limits.total { options.set(CURLOPT_TIMEOUT_MS, milliseconds(total)) }
        if let speed = request.limits.sendSpeed { options.set(CURLOPT_MAX_SEND_SPEED_LARGE, offset: max(speed, 1)) }
        if let bundle = trust.bundle { options.set(CURLOPT_CAINFO, bundle) }
        if let folder = trust.folder {
            options.set(CURLOPT_CAPATH, folder)
        } else if trust.bundle != nil || Self.hasBundle {
            // A folder beside the bundle, which Debian builds in, keeps libcurl 7.88 from sharing the parsed bundle
            // between connections: 17 ms of CPU for each of them.
            options.check(ccurl_set_string(handle, CURLOPT_CAPATH, nil))
        }
        options.check(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, easy.errorText))
        setCallbacks(&options)
        setBody(&options)
        setHeaders(&options)
        return options.allTaken
    }

    /// Frees what libcurl does not own.
    func release() {
        if let headerList { curl_slist_free_all(headerList) }
        headerList = nil
    }

    /// A slow line with a long body in memory makes no callbacks: ask how much went out.
    func noteSentBytes(now: Double) {
        var sent: curl_off_t = 0
        _ = ccurl_get_off(easy.handle, CURLINFO_SIZE_UPLOAD_T, &sent)
        if sent > sentBytes { lastActivity = now }
        sentBytes = sent
    }

    /// The failure that a result code of libcurl stands for; nil for success.
    func failure(for code: CURLcode) -> HTTPFailure? {
        if let refusal { return refusal }
        guard code != CURLE_OK else { return nil }
        let detail = String(
            cString: easy.errorText.pointee == 0 ? curl_easy_strerror(code) : UnsafePointer(easy.errorText)
        )
        switch code {
        case CURLE_URL_MALFORMAT: return .invalid(detail)
        case CURLE_UNSUPPORTED_PROTOCOL: return attempts == 0 ? .invalid(detail) : .malformed(detail)
        case CURLE_WEIRD_SERVER_REPLY: return .malformed(detail)
        default: return attempts == 0 ? .unreachable(detail) : .lost(detail)
        }
    }

    // MARK: Options

    private func setBody(_ options: inout OptionSetter) {
        let request = transfer.request
        let handle = easy.handle
        switch request.body {
        case .none where request.method == .get:
            options.set(CURLOPT_HTTPGET, 1)
        case .none where request.method == .delete:
            options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        case .none:
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: 0)
            options.set(CURLOPT_COPYPOSTFIELDS, "")
            if request.method != .post { options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        case .bytes(let bytes):
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: Int64(bytes.count))
            bytes.withUnsafeBytes { bytes in
                // COPYPOSTFIELDS reads exactly the size set above; null means "no fields", so never null.
                var nothing: UInt8 = 0
                withUnsafeMutablePointer(to: &nothing) { nothing in
                    let start = bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }
                    options.check(
                        ccurl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, start ?? UnsafeMutableRawPointer(nothing))
                    )
                }
            }
            if request.method != .post { options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        case .feed(let feed):
            options.set(CURLOPT_POST, 1)
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: feed.size)
            // A buffer goes out at once: with a bound on the speed it is to last a quarter of a second at most.
            let buffer = request.limits.sendSpeed.map { min(max($0 / 4, 16 << 10), 512 << 10) } ?? 512 << 10
            options.set(CURLOPT_UPLOAD_BUFFERSIZE, Int(buffer))
            options.check(ccurl_set_data_fn(handle, CURLOPT_READFUNCTION, sendBytes))
            options.check(ccurl_set_pointer(handle, CURLOPT_READDATA, reference))
            options.check(ccurl_set_seek_fn(handle, seekBody))
            options.check(ccurl_set_pointer(handle, CURLOPT_SEEKDATA, reference))
            if request.method != .post { options.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        }
    }

    private func setCallbacks(_ options: inout OptionSetter) {
        let handle = easy.handle
        options.check(ccurl_set_data_fn(handle, CURLOPT_HEADERFUNCTION, takeHeader))
        options.check(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, reference))
        options.check(ccurl_set_data_fn(handle, CURLOPT_WRITEFUNCTION, takeBody))
        options.check(ccurl_set_pointer(handle, CURLOPT_WRITEDATA, reference))
        options.check(ccurl_set_socket_fn(handle, openSocket))
        options.check(ccurl_set_prereq_fn(handle, beforeSending))
        options.check(ccurl_set_pointer(handle, CURLOPT_PREREQDATA, reference))
    }

    private func setHeaders(_ options: inout OptionSetter) {
        // `Expect: 100-continue` costs a round trip and some servers never answer it; and libcurl's idea of a
        // content type is a web form.
        var lines = ["Expect:"]
        var names: Set<String> = []
        for header in transfer.request.headers {
            names.insert(header.name.lowercased())
            lines.append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        if !names.contains("content-type") { lines.append("Content-Type:") }
        if !names.contains("user-agent") { lines.append("User-Agent: satchel") }
        for line in lines {
            guard let longer = curl_slist_append(headerList, line) else {
                options.check(CURLE_OUT_OF_MEMORY)
                return
            }
            headerList = longer
        }
        options.check(ccurl_set_list(easy.handle, CURLOPT_HTTPHEADER, headerList))
    }

    /// Whether the bundle that libcurl was built for is there.
    private static let hasBundle: Bool = {
        guard let bundle = curl_version_info(CURLVERSION_SEVENTH)?.pointee.cainfo else { return false }
        return access(bundle, R_OK) == 0
    }()

    private func milliseconds(_ seconds: Double) -> Int { Int((max(seconds, 0.001) * 1000).rounded(.up)) }

    /// Not retained: the worker holds this object for as long as the handle is in use.
    private var reference: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}

// MARK: Callbacks

extension LiveTransfer {
    /// False stops the transfer.
    fileprivate func onRequestStart() -> Bool {
        attempts += 1
        // libcurl sends again by itself when a reused connection dies without an answer. The server may have seen the
        // first one, and an upload that arrives twice is a copy that nobody knows of.
        guard attempts > 1, !transfer.request.method.isRepeatable else { return true }
        refusal = .lost("the connection was closed without an answer")
        return false
    }

    fileprivate func onHeader(_ line: UnsafeRawBufferPointer) -> Int {
        lastActivity = monotonicSeconds()
        switch reader.take(line) {
        case .more: return line.count
        case .head(let head):
            transfer.sink.head(head)
            return line.count
        case .tooLong:
            refusal = .malformed("the headers of the answer are longer than \(reader.limit) bytes")
            return -1
        }
    }

    fileprivate func onBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        // No sign of life: whoever goes on talking to nobody is cut off as well.
        if transfer.isRunningOut { return bytes.count }
        lastActivity = monotonicSeconds()
        switch transfer.sink.body(bytes) {
        case .took: return bytes.count
        case .pause:
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        case .refuse(let failure):
            refusal = failure
            return -1
        }
    }

    fileprivate func onSend(_ room: UnsafeMutableRawBufferPointer) -> Int {
        guard case .feed(let feed) = transfer.request.body else { return 0 }
        lastActivity = monotonicSeconds()
        if let count = feed.read(into: room) { return count }
        refusal = .source
        return Int(CURL_READFUNC_ABORT)
    }

    fileprivate func onSeek(_ offset: curl_off_t, _ origin: Int32) -> Int32 {
        guard offset == 0, origin == SEEK_SET, case .feed(let feed) = transfer.request.body, feed.rewind() else {
            return CURL_SEEKFUNC_FAIL
        }
        return CURL_SEEKFUNC_OK
    }
}

private func liveTransfer(_ pointer: UnsafeMutableRawPointer?) -> LiveTransfer? {
    pointer.map { Unmanaged<LiveTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func takeHeader(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ me: UnsafeMutableRawPointer?)
    -> Int
{
    liveTransfer(me)?.onHeader(UnsafeRawBufferPointer(start: data, count: size * count)) ?? -1
}

private func takeBody(_ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ me: UnsafeMutableRawPointer?)
    -> Int
{
    liveTransfer(me)?.onBody(UnsafeRawBufferPointer(start: data, count: size * count)) ?? -1
}

private func sendBytes(_ room: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ me: UnsafeMutableRawPointer?)
    -> Int
{
    liveTransfer(me)?.onSend(UnsafeMutableRawBufferPointer(start: room, count: size * count))
        ?? Int(CURL_READFUNC_ABORT)
}

private func seekBody(_ me: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    liveTransfer(me)?.onSeek(offset, origin) ?? CURL_SEEKFUNC_FAIL
}

private func beforeSending(
    _ me: UnsafeMutableRawPointer?,
    _ remote: UnsafeMutablePointer<CChar>?,
    _ local: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32,
    _ localPort: Int32
) -> Int32 {
    liveTransfer(me)?.onRequestStart() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Sockets that no child process inherits; libcurl 7.88 makes them without close-on-exec.
private func openSocket(
    _ me: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address = address?.pointee else { return -1 }
    return socket(address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
}

/// Sets options one after another and remembers whether all were taken.
private struct OptionSetter {
    let handle: UnsafeMutableRawPointer
    private(set) var allTaken = true

    init(handle: UnsafeMutableRawPointer) {
        self.handle = handle
    }

    mutating func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(handle, option, value)) }

    mutating func set(_ option: CURLoption, offset: Int64) { check(ccurl_set_off(handle, option, curl_off_t(offset))) }

    mutating func set(_ option: CURLoption, _ value: String) { check(ccurl_set_string(handle, option, value)) }

    mutating func check(_ code: CURLcode) {
        if code != CURLE_OK { allTaken = false }
    }
}
