extension HubError: CustomStringConvertible {
    /// The error in one or two sentences, with what to do about it.
    public var description: String {
        switch self {
        case .invalidName(let name):
            "'\(name)' is neither a known model nor a repository's name; write OWNER/NAME as on the hub, or see "
                + "'clip pull --list' for the known ones."
        case .unknownName(let name, let similar):
            "There is no known model '\(name)', and no directory of that name. "
                + (similar.isEmpty
                    ? "'clip pull --list' lists those that are known; others are OWNER/NAME."
                    : "Do you mean \(similar.joined(separator: " or "))? 'clip pull --list' lists all.")
        case .address(let text, let name):
            (HubRequest.isOpenCLIPName(text)
                ? "'\(text)' is how open_clip writes a repository; " : "'\(text)' is an address; ")
                + (name.map { "write \($0) instead." } ?? "write OWNER/NAME, as it stands on its page.")
        case .invalidRevision(let revision):
            "'\(revision)' cannot be a revision; write a branch, a tag, refs/pr/NUMBER or a commit of 40 digits after the @."
        case .repositoryNotFound(let repository, let hasToken):
            "The hub has no repository '\(repository)', or it is private"
                + (hasToken
                    ? " and the token does not open it. Check how it is written, and whose token HF_TOKEN is."
                    : ". Check how it is written; for a private one set HF_TOKEN.")
        case .revisionNotFound(let repository, let revision):
            "The repository \(repository) has no revision '\(revision)'. Check how it is written, or leave it out for "
                + "the newest."
        case .fileNotFound(let repository, let file):
            "The repository \(repository) has no file '\(file)' at that revision. Ask for another revision."
        case .gated(let repository, let hasToken):
            "The repository \(repository) is gated: its owner wants conditions accepted. Accept them on its page"
                + (hasToken
                    ? ", as the user whose token HF_TOKEN is, and ask again."
                    : ", set HF_TOKEN to a token of yours, and ask again.")
        case .invalidToken:
            "The hub does not know the token. Set HF_TOKEN to a valid one, or unset it for public repositories; "
                + "it may also stand in the file that HF_TOKEN_PATH or HF_HOME names."
        case .renamed(let repository, let name):
            "The repository \(repository) is called \(name) now, which is not allowed here. Ask for it by that name where it is "
                + "allowed; --allow-models says what a server may fetch."
        case .forbidden(let repository):
            "The hub does not let the repository \(repository) be read. Give the token the right to, or ask its owner."
        case .tooManyRequests(let host, let seconds):
            "\(host) wants fewer requests. Ask again "
                + (seconds.map { "in \($0) seconds" } ?? "later")
                + "; with a token in HF_TOKEN it allows more."
        case .badStatus(let status, let host):
            "\(host) answered with status \(status). Ask again later, or see whether HF_ENDPOINT is right."
        case .unreachable(let host, let fault): "\(host) \(fault)"
        case .offline(let repository, let revision, let cached):
            "The model \(repository) at '\(revision)' is not whole in the cache, and the network is switched off. "
                + (cached.isEmpty
                    ? "Pull it once without --offline and HF_HUB_OFFLINE."
                    : "Here is " + cached.map { "\(repository)@\($0)" }.joined(separator: ", ")
                        + "; ask for that, or pull once without --offline and HF_HUB_OFFLINE.")
        case .unsettled(let repository, let file):
            "The model \(repository) was fetched in part by another program: nothing says whether the repository has \(file), "
                + "which changes results, and the network is switched off. Pull it once without --offline and HF_HUB_OFFLINE."
        case .noUsableFiles(let repository, let defect):
            "The repository \(repository) \(defect)\(Self.remedy(for: repository, defect))"
        case .damaged(let repository, let file, let obstacle):
            "The bytes of \(file) of \(repository) in the cache are not those that the hub promised. "
                + (obstacle.map { "It cannot be fetched again: \($0)" }
                    ?? "Pull it without --offline and HF_HUB_OFFLINE, and it is fetched again.")
        case .corrupt(let repository, let file):
            "The bytes of \(file) of \(repository) are not those that the hub promises, and are thrown away. Pull it again; "
                + "where that does not help, something on the way changes them."
        case .wrongSize(let file, let expected, let received):
            "Of \(file) \(received) bytes came where the hub promised \(expected). Pull it again; where that does not "
                + "help, something on the way changes it."
        case .redirectRefused(let host, let defect): "\(host) redirects \(defect)"
        case .invalidAnswer(let host, let defect):
            "\(host) does not answer as a hub does: \(defect). Check HF_ENDPOINT, proxies and firewalls."
        case .noSpace(let needed, let available, let path):
            "There are \(available.inMegabytes) free at \(path), and \(needed.inMegabytes) are needed. Make room, or name "
                + "another place with --cache-dir or HF_HUB_CACHE."
        case .cacheUnusable(let path, let reason):
            "\(path) cannot be used: \(reason). Make it writable, or name another place with --cache-dir or HF_HUB_CACHE."
        case .cancelled: "The download was stopped. Pull again, and it goes on where it was."
        case .transportUnavailable:
            "The libraries for downloads cannot be used. Install libcurl 7.85 or later and OpenSSL 3."
        case .invalidConfiguration(let problems): problems.joined(separator: " ")
        }
    }
}

extension HubError {
    /// Where usable files are, and how to convert pickles; empty for other defects of unknown repositories.
    private static func remedy(for repository: String, _ defect: FileDefect) -> String {
        guard let place = try? HubRepository(repository) else { return "" }
        var text = ""
        if let known = KnownModel.named(place.name), known.repository != place {
            text =
                " Ask for \(known.name) instead: it has the same model in files that can be used, of \(known.repository)."
        }
        guard case .onlyPickles(let files) = defect else { return text }
        // The folder of the file would be converted with all that lies in it, such as timm's towers, so the file itself
        // is named.
        let source =
            files.count == 1
            ? files[0] : files.first.map { $0[..<($0.lastIndex(of: "/") ?? $0.startIndex)] }.map(String.init)
        let path = ([place.name] + [source ?? ""].filter { !$0.isEmpty }).joined(separator: "/")
        return text
            + " Where a pull request has safetensors, ask for it with @refs/pr/NUMBER; else fetch and convert them: "
            + "hf download \(place) --local-dir \(place.name), then "
            + "clip convert \(path) \(place.name)-safetensors, and name that directory."
    }
}

extension ConnectionFault: CustomStringConvertible {
    /// The end of a sentence that begins with the host.
    public var description: String {
        switch self {
        case .hostNotFound:
            "cannot be found. Check the network; HF_ENDPOINT names a mirror, HTTPS_PROXY a proxy."
        case .proxy: "cannot be reached through the proxy. Check HTTPS_PROXY, ALL_PROXY and NO_PROXY."
        case .refused: "accepts no connection. Check the network and firewalls; HTTPS_PROXY names a proxy."
        case .certificate:
            "has a certificate that is not trusted. A proxy that looks into connections has one of its own: name its "
                + "file with SSL_CERT_FILE."
        case .notSecured:
            "cannot be spoken with securely. Check whether a proxy is between; HTTPS_PROXY names one."
        case .stalled: "sent nothing for too long. Ask again; HF_HUB_DOWNLOAD_TIMEOUT sets the seconds."
        case .lost: "broke the connection again and again. Ask again, and it goes on where it was."
        case .notHTTP: "does not speak HTTP. Check HF_ENDPOINT and proxies."
        case .stopped: "was left before it had answered. Ask again."
        }
    }
}

extension FileDefect: CustomStringConvertible {
    /// The end of a sentence that begins with the repository.
    public var description: String {
        switch self {
        case .onlyPickles(let files):
            "has weights only as pickles, which may run code: \(Self.some(files))."
        case .noConfiguration(let files):
            "has no configuration of a CLIP model: open_clip_config.json, or transformers' config.json. It has "
                + "\(Self.some(files)). Choose a repository that has one."
        case .noWeights(let files):
            "has no weights in safetensors. It has \(Self.some(files)). Choose a repository that has them."
        case .foreignConfiguration(let file):
            "has a \(file) that names no model_type, as transformers' would, and no open_clip_config.json. Choose a repository "
                + "of one of the two layouts."
        case .notBuilt(let file, let reason): "has a \(file) of which nothing can be made. \(reason)"
        case .unreadable(let file): "has a \(file) that cannot be read. Choose another revision."
        }
    }

    private static func some(_ files: [String]) -> String {
        guard !files.isEmpty else { return "nothing" }
        let more = files.count > 8 ? " and \(files.count - 8) more" : ""
        return files.prefix(8).joined(separator: ", ") + more
    }
}

extension RedirectDefect: CustomStringConvertible {
    /// The end of a sentence that begins with the host.
    public var description: String {
        switch self {
        case .notSecure: "from https to http, which is not followed. Check HF_ENDPOINT and proxies."
        case .notHTTP: "to what is no plain address of the web, which is not followed. Check HF_ENDPOINT."
        case .tooMany(let limit): "more than \(limit) times. Check HF_ENDPOINT and proxies."
        case .nowhere: "without saying where to. Check HF_ENDPOINT and proxies."
        }
    }
}

extension AnswerDefect: CustomStringConvertible {
    /// The end of a sentence.
    public var description: String {
        switch self {
        case .noCommit: "it does not say which commit a file is of"
        case .noTag: "it gives a file no ETag that can name it"
        case .noSize(let file): "it gives \(file) a size that no file has"
        case .otherCommit(let asked, let given): "it gives the commit \(given) where \(asked) was asked for"
        case .otherFile(let file, let asked, let given):
            "its \(file) is of the commit \(given) where \(asked) was asked for"
        case .endlessBody(let file): "its \(file) has no end"
        case .changed: "a file changed while it was fetched"
        case .wrongRange: "it sends another part of a file than was asked for"
        case .endlessHeader: "its header has no end"
        }
    }
}

extension Int {
    /// The bytes in megabytes, such as `605 MB`, rounded up, in powers of ten, as disks are sold.
    var inMegabytes: String { "\(self / 1_000_000 + (self % 1_000_000 > 0 ? 1 : 0)) MB" }
}
