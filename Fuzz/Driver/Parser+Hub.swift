internal import CCurl
internal import Foundation

@testable internal import CLIPHub

extension Parser {
    /// Reads what the hub, a mirror or a person may send.
    ///
    /// The first byte decides what the rest is: an answer's header, the hub's JSON, targets of redirects, a model's
    /// name, or a repository from which files are selected.
    static func readHub(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let rest = bytes.dropFirst()
        switch first % 5 {
        case 0: readHubHeader(rest)
        case 1: readHubJSON(Data(rest))
        case 2: followRedirects(rest)
        case 3: readHubName(String(decoding: rest, as: UTF8.self))
        default: selectFiles(rest)
        }
    }

    /// libFuzzer gives one input after another, on one thread.
    nonisolated(unsafe) private static let client: HubClient = {
        var configuration = HubConfiguration(cacheDirectory: "/nowhere")
        configuration.token = "secret"
        guard let client = try? HubClient(configuration, isCancelled: { true }, tell: { _ in }) else {
            preconditionFailure("There is no client.")
        }
        return client
    }()

    private static func lines(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    }

    // MARK: Headers

    /// Reads an answer's header, and checks what is made of it.
    ///
    /// A blob's name may not leave its folder, sizes and pauses may not be negative, and every status has a
    /// description.
    private static func readHubHeader(_ bytes: ArraySlice<UInt8>) {
        var fields = AnswerFields()
        for line in lines(bytes) {
            guard line.withUnsafeBytes({ fields.read($0) }) else { return }
        }
        if let tag = fields.tag {
            precondition(HubJSON.isFileName(tag) && !tag.contains("/"), "A blob leaves its folder: \(tag)")
            _ = try? BlobIdentity(tag: tag).digest(size: 1)
        }
        precondition(fields.commit.map(HubRequest.isCommit) ?? true, "A commit is none.")
        for isRedirect in [true, false] {
            precondition(fields.fileSize(isRedirect: isRedirect) ?? 0 >= 0, "A file has less than nothing.")
        }
        if let range = fields.range {
            precondition(range.start >= 0 && range.total ?? 0 >= 0, "A range lies before its file.")
        }
        precondition(fields.pause() ?? .zero >= .zero, "A pause ends before it begins.")
        guard let request = try? HubRequest("owner/name") else { return }
        for status in [200, 401, 403, 404, 429, 503] {
            let answer = HubConnection.Answer(status: status, fields: fields, fault: nil, hasHead: true)
            _ = "\(client.failure(answer, at: client.endpoint, request: request, file: "file"))"
            guard let obstacle = RetryRule.Obstacle(answer) else { continue }
            var rule = RetryRule(unit: .milliseconds(1))
            do throws(HubError) {
                try client.pause(after: obstacle, answer, at: client.endpoint, &rule)
            } catch {
                precondition(!error.description.isEmpty, "An error has no words.")
            }
            for _ in 0..<8 {
                if let pause = rule.pause(after: obstacle) {
                    precondition((.zero...rule.longestPause).contains(pause), "A pause has no end.")
                }
            }
        }
    }

    // MARK: JSON

    /// Reads JSON; no name that comes out may lead out of a folder.
    private static func readHubJSON(_ data: Data) {
        if let list = HubJSON.list(data) {
            precondition(HubRequest.isCommit(list.commit), "A commit is none.")
            list.files.forEach(checkFile)
        }
        HubJSON.shards(data)?.forEach(checkFile)
        if let folder = HubJSON.clipFolder(data) { checkFile(folder) }
        _ = HubJSON.defect(ofConfiguration: data, file: "config.json")
        _ = HubJSON.keptList(data)
        _ = HubJSON.listsAddedTokens(data)
    }

    private static func checkFile(_ name: String) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        precondition(
            !name.hasPrefix("/") && !parts.contains("..") && !parts.contains("") && !name.utf8.contains(0),
            "A file leaves its folder: \(name)"
        )
    }

    // MARK: Addresses

    /// Follows one `Location` after another from the hub, and from a mirror on another port.
    ///
    /// None may lead from https to http, and the token may be sent only to the server that libcurl would ask, too.
    private static func followRedirects(_ bytes: ArraySlice<UInt8>) {
        for start in [
            "https://huggingface.co/owner/name/resolve/main/file", "http://127.0.0.1:8080/owner?a#b",
        ] {
            guard var address = HubAddress(start) else { preconditionFailure("An address is none.") }
            for line in lines(bytes).prefix(8) {
                var fields = AnswerFields()
                let isRead = (Array("location: ".utf8) + line).withUnsafeBytes { fields.read($0) }
                let answer = HubConnection.Answer(status: 302, fields: fields, fault: nil, hasHead: true)
                guard isRead, let next = try? client.redirect(answer, from: address) else { break }
                precondition(next.isSecure || !address.isSecure, "A redirect leads from https to http.")
                check(next)
                address = next
            }
        }
    }

    private static func check(_ address: HubAddress) {
        let text = address.text
        precondition(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "An address holds blanks.")
        guard let url = curl_url() else { return }
        defer { curl_url_cleanup(url) }
        guard curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK else { return }
        func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var word: UnsafeMutablePointer<CChar>?
            guard curl_url_get(url, part, &word, flags) == CURLUE_OK, let word else { return nil }
            defer { curl_free(word) }
            return String(cString: word)
        }
        precondition(part(CURLUPART_USER) == nil, "An address has a user: \(text)")
        precondition(part(CURLUPART_SCHEME) == address.scheme, "libcurl reads another scheme: \(text)")
        guard client.token(for: address) != nil else { return }
        precondition(
            part(CURLUPART_HOST)?.lowercased() == client.endpoint.host
                && part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)) == "443",
            "The token goes to another host: \(text)"
        )
    }

    // MARK: Names

    /// Reads a model's name: one that is accepted has one folder in the cache and one address, and reads the same
    /// again.
    private static func readHubName(_ text: String) {
        guard let request = try? HubRequest(text) else { return }
        precondition((try? HubRequest("\(request)")) == request, "A name is read otherwise again: \(text)")
        let parts = request.repository.folder.components(separatedBy: "--")
        precondition(
            parts == ["models", request.repository.owner, request.repository.name],
            "Two repositories have one folder: \(text)"
        )
        checkFile(request.repository.folder)
        checkFile(request.revision)
        let part = HubAddress.part(request.revision)
        precondition(!part.contains("/"), "A revision is a path of its own: \(text)")
        precondition(
            HubAddress("https://huggingface.co/\(request.repository)/resolve/\(part)/file") != nil,
            "A name has no address: \(text)"
        )
    }

    // MARK: Files

    /// Selects files from names, one on each line, followed after zero bytes by the contents of three of them.
    ///
    /// Every selected file has to exist, except shards, which an index names.
    private static func selectFiles(_ bytes: ArraySlice<UInt8>) {
        let parts = bytes.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        let names = lines(parts[0]).map { String(decoding: $0, as: UTF8.self) }.filter(HubJSON.isFileName)
        let there = Set(names)
        let contents = { (name: String) throws(HubError) -> Data? in
            let place = name.hasSuffix("config.json") ? 1 : name.hasSuffix("modules.json") ? 2 : 3
            return place < parts.count ? Data(parts[place]) : nil
        }
        guard let repository = try? HubRepository(names.first == "timm" ? "timm/name" : "owner/name"),
            let selection = try? CheckpointSelection(
                of: repository,
                .init(
                    exists: { (name) throws(HubError) in there.contains(name) },
                    contents: contents,
                    all: names
                )
            )
        else { return }
        precondition(!selection.weights.isEmpty, "A model has no weights.")
        precondition(selection.files.allSatisfy(there.contains), "A file is chosen that is not there.")
        precondition(there.isDisjoint(with: selection.absent), "A file is there and is not.")
        selection.weights.forEach(checkFile)
        let isSharded = selection.files.contains { $0.contains(".index.") }
        precondition(isSharded || selection.weights.allSatisfy(there.contains), "Weights are not there.")
    }
}
