import CLIPHub
import CLIPTestSupport
import Foundation
import Synchronization

/// A hub of one repository, `acme/plain`, with faults that a test gives it.
///
/// Files of 1000 bytes and more are sent from another origin, `localhost`, by addresses that are signed.
final class SmallHub: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        let method: String
        let path: String
        let fields: [String: String]

        /// Whether it asks for the bytes of the file.
        func fetches(_ file: String) -> Bool {
            method == "GET" && (path.hasPrefix("/signed/") || path.contains("/resolve/"))
                && path.contains(file)
        }
    }

    /// What is answered, and whether the connection is closed behind it.
    struct Reply: Sendable {
        var bytes: [UInt8]
        var closes = false
        /// How long nothing comes behind it.
        var stall = 0
    }

    /// Changes an answer; nil leaves it as it is.
    typealias Fault = @Sendable (Request, SmallHub) -> Reply?

    private struct State {
        var files: [String: [UInt8]]
        var commit: String
        var faults: [(times: Int, fault: Fault)] = []
        var requests: [Request] = []
    }

    let server: ScriptedServer
    private let state: Mutex<State>

    static let repository = "acme/plain"
    static let commit = String(repeating: "a1", count: 20)

    init(_ files: [String: [UInt8]] = SmallHub.plainFiles, commit: String = SmallHub.commit) throws {
        state = Mutex(State(files: files, commit: commit))
        let holder = Holder()
        server = try ScriptedServer { connection in
            while let head = connection.readRequest() {
                guard let hub = holder.hub else { return }
                let reply = hub.reply(to: Self.request(head))
                guard connection.send(reply.bytes) else { return }
                if reply.stall > 0 { connection.waitForNothing(milliseconds: reply.stall) }
                if reply.closes { return }
            }
        }
        holder.set(self)
    }

    /// Breaks the circle of a server that has to know the hub that it is a part of.
    private final class Holder: Sendable {
        private let value = Mutex<Weak?>(nil)
        private struct Weak: Sendable { weak let hub: SmallHub? }
        var hub: SmallHub? { value.withLock { $0?.hub } }
        func set(_ hub: SmallHub) { value.withLock { $0 = Weak(hub: hub) } }
    }

    static let weights = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 7) }
    static let plainFiles: [String: [UInt8]] = [
        "config.json": Array(#"{"model_type":"clip"}"#.utf8), "preprocessor_config.json": Array("{}".utf8),
        "tokenizer.json": Array(repeating: 65, count: 2000), "model.safetensors": weights,
        "README.md": Array("words".utf8), "pytorch_model.bin": Array(repeating: 1, count: 1500),
    ]

    // MARK: - What tests ask and tell

    var requests: [Request] { state.withLock { $0.requests } }

    func forget() { state.withLock { $0.requests = [] } }

    /// Answers the next requests that a fault wants to answer with what it says, so many of them.
    func fault(times: Int = 1, _ fault: @escaping Fault) {
        state.withLock { $0.faults.append((times, fault)) }
    }

    /// Takes back all faults.
    func mend() { state.withLock { $0.faults = [] } }

    func change(_ files: [String: [UInt8]], commit: String) {
        state.withLock { state in
            state.files = files
            state.commit = commit
        }
    }

    // MARK: - The protocol

    private static func request(_ head: String) -> Request {
        let lines = head.split(separator: "\r\n").map(String.init)
        let words = lines[0].split(separator: " ").map(String.init)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Request(method: words[0], path: words[1], fields: fields)
    }

    private func reply(to request: Request) -> Reply {
        let faults = state.withLock { state in
            state.requests.append(request)
            return Array(state.faults.enumerated())
        }
        for (index, entry) in faults where entry.times > 0 {
            guard let reply = entry.fault(request, self) else { continue }
            state.withLock { $0.faults[index].times -= 1 }
            return reply
        }
        return plainReply(to: request)
    }

    /// The answer of a hub without faults.
    func plainReply(to request: Request) -> Reply {
        let (files, commit) = state.withLock { ($0.files, $0.commit) }
        let path = String(request.path.prefix { $0 != "?" })
        if path == "/api/models/\(Self.repository)/revision/main"
            || path == "/api/models/\(Self.repository)/revision/\(commit)"
        {
            let names = files.keys.sorted().map { #"{"rfilename":"\#($0)"}"# }.joined(separator: ",")
            let body = #"{"id":"\#(Self.repository)","sha":"\#(commit)","siblings":[\#(names)]}"#
            return Self.answer(200, body: Array(body.utf8))
        }
        if path.hasPrefix("/api/") { return Self.answer(404, ["X-Error-Code": "RevisionNotFound"]) }
        for revision in ["main", commit] {
            let prefix = "/\(Self.repository)/resolve/\(revision)/"
            guard path.hasPrefix(prefix) else { continue }
            let name = String(path.dropFirst(prefix.count))
            guard let bytes = files[name] else {
                return Self.answer(404, ["X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit])
            }
            var fields = ["X-Repo-Commit": commit]
            if bytes.count >= 1000 {
                fields["X-Linked-Etag"] = "\"\(Self.sha256(bytes))\""
                fields["X-Linked-Size"] = "\(bytes.count)"
                fields["Location"] = "http://localhost:\(server.port)/signed/\(name)?key=1"
                return Self.answer(302, fields)
            }
            fields["ETag"] = "\"\(Self.gitSHA1(bytes))\""
            return file(bytes, fields, request)
        }
        if path.hasPrefix("/signed/"), let bytes = files[String(path.dropFirst(8))] {
            return file(bytes, [:], request)
        }
        return Self.answer(404)
    }

    /// A file or the part of it that is asked for.
    func file(_ bytes: [UInt8], _ fields: [String: String], _ request: Request) -> Reply {
        let isHead = request.method == "HEAD"
        guard let range = request.fields["range"], let start = Int(range.dropFirst(6).dropLast()) else {
            return Self.answer(200, fields, body: bytes, isHead: isHead)
        }
        guard start < bytes.count else {
            return Self.answer(416, ["Content-Range": "bytes */\(bytes.count)"])
        }
        var fields = fields
        fields["Content-Range"] = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
        return Self.answer(206, fields, body: Array(bytes[start...]), isHead: isHead)
    }

    static func answer(
        _ status: Int,
        _ fields: [String: String] = [:],
        body: [UInt8] = [],
        isHead: Bool = false
    ) -> Reply {
        var lines = ["HTTP/1.1 \(status) Some"]
        if fields["Content-Length"] == nil { lines.append("Content-Length: \(body.count)") }
        lines += fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let head = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        return Reply(bytes: isHead ? head : head + body)
    }

    /// An answer without its Content-Length.
    static func withoutLength(_ bytes: [UInt8], field: String = "Content-Length: ") -> [UInt8] {
        guard let start = bytes.firstRange(of: Array(field.utf8))?.lowerBound,
            let end = bytes[start...].firstIndex(of: 10)
        else { return bytes }
        return Array(bytes[..<start] + bytes[(end + 1)...])
    }

    static func sha256(_ bytes: [UInt8]) -> String { digest(.sha256, bytes) }
    static func gitSHA1(_ bytes: [UInt8]) -> String {
        digest(.sha1, Array("blob \(bytes.count)\0".utf8) + bytes)
    }

    private static func digest(_ kind: Digest.Kind, _ bytes: [UInt8]) -> String {
        guard let digest = try? Digest(kind) else { return "" }
        bytes.withUnsafeBytes { digest.add($0) }
        return digest.finish()
    }
}

/// A hub, a new cache, and the client between them.
struct HubTrial: Sendable {
    let hub: SmallHub
    let model: ModelHub
    let cache: URL

    static func request() throws(HubError) -> HubRequest { try HubRequest(SmallHub.repository) }

    func snapshot(
        of request: HubRequest? = nil,
        renewing: Bool = false,
        onEvent: @escaping @Sendable (HubEvent) -> Void = { _ in }
    ) async throws(HubError) -> HubSnapshot {
        let asked = if let request { request } else { try Self.request() }
        return try await model.snapshot(of: asked, renewing: renewing, onEvent: onEvent)
    }

    /// What fetching comes to.
    func failure(of request: HubRequest? = nil) async -> HubError? {
        do throws(HubError) {
            _ = try await snapshot(of: request)
            return nil
        } catch {
            return error
        }
    }

    /// The files of the repository's folder in the cache, below it.
    func files(_ folder: String) -> [String] {
        let path = cache.appendingPathComponent("models--acme--plain/\(folder)").path
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    func contents(_ snapshot: HubSnapshot, _ file: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(snapshot.directory)/\(file)").map(Array.init)
    }
}

/// Runs a test with a hub and a new cache.
func withHub(
    _ files: [String: [UInt8]] = SmallHub.plainFiles,
    _ configure: (inout HubConfiguration) -> Void = { _ in },
    test: (HubTrial) async throws -> Void
) async throws {
    let hub = try SmallHub(files)
    let cache = FileManager.default.temporaryDirectory.appendingPathComponent("clip-hub-\(UUID().uuidString)")
    defer {
        hub.server.stop()
        try? FileManager.default.removeItem(at: cache)
    }
    var configuration = HubConfiguration(cacheDirectory: cache.path)
    configuration.endpoint = "http://127.0.0.1:\(hub.server.port)"
    configuration.retryUnit = .milliseconds(5)
    configuration.answerTimeLimit = .seconds(60)
    configuration.stallTimeLimit = .seconds(60)
    configure(&configuration)
    try await test(HubTrial(hub: hub, model: ModelHub(configuration), cache: cache))
}
