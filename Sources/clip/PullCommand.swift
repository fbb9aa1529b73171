import ArgumentParser
internal import CLIPFiles
internal import CLIPHub
internal import Foundation

/// `clip pull`: fetches models from the hub into its cache.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch models from the hub, and print the directory of each.",
        discussion: """
            Examples:
              clip pull ViT-B-32
              clip pull google/siglip2-base-patch16-256 apple/DFN2B-CLIP-ViT-B-16@refs/pr/7
              clip pull --list

            What is there already is compared with what the hub says of it, and a branch is asked for anew; \
            --offline compares only, with the names of the blobs. A download that was interrupted goes on where it was. The cache is the hub's own, at \
            ~/.cache/huggingface/hub, and its variables are obeyed: HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, \
            HF_HUB_OFFLINE.

            The exit status tells what went wrong with the last model that could not be had; 'clip --help' lists them.
            """
    )

    @OptionGroup var hubOptions: HubOptions

    @Flag(help: "List the models that are known by a name.")
    var list = false

    @Argument(help: "Known models, or OWNER/REPOSITORY[@REVISION].")
    var names: [String] = []

    func validate() throws {
        if names.isEmpty, !list {
            throw ValidationError("Nothing to pull: name models, or see 'clip pull --list'.")
        }
    }

    func run() async throws {
        var environment = Environment()
        hubOptions.judge(&environment)
        let hub = hubOptions.hub(environment)
        try environment.requireNoProblems()
        if list { return try writeList(hub) }
        var requests: [(name: String, request: HubRequest)] = []
        for name in names {
            // `pull` only fetches from the hub, so directories of that name do not matter.
            let choice = try ModelChoice(name, exists: { _ in false })
            guard case .hub(let request) = choice.place else {
                throw CommandFailure(
                    "'\(name.printable)' is a path; name a model of the hub.",
                    status: .missingInput
                )
            }
            requests.append((choice.name, request))
        }
        var status = CommandStatus.success
        for (name, request) in requests {
            let line = DownloadLine(name: name)
            do throws(HubError) {
                let start = ContinuousClock.now
                let snapshot = try await hub.snapshot(of: request, renewing: true) { line.show($0) }
                line.clear()
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                Terminal.complain("\(name): \(Self.summary(snapshot, seconds: seconds))\n")
                try? Terminal.write(line: snapshot.directory)
            } catch {
                line.clear()
                Terminal.complain("Error: \(name.printable): \(error.description.printable)\n")
                status = error.exitStatus
            }
        }
        if status != .success { throw ExitCode(status.rawValue) }
    }

    private static func summary(_ snapshot: HubSnapshot, seconds: Double) -> String {
        let size = DownloadText.megabytes(snapshot.byteCount)
        let unverified = snapshot.unverified.count
        let doubt =
            unverified > 0
            ? "; of \(unverified) of \(snapshot.files.count) files nothing says what their bytes should be"
            : ""
        guard snapshot.fetchedBytes > 0 else {
            return "\(size), all here\(unverified > 0 ? "" : " and right"), commit \(snapshot.commit)\(doubt)"
        }
        return "\(size), commit \(snapshot.commit)"
            + String(
                format: ", %@ fetched in %.1f s",
                DownloadText.megabytes(snapshot.fetchedBytes),
                seconds
            ) + doubt
    }

    private func writeList(_ hub: ModelHub) throws {
        for known in KnownModel.all {
            let isHere = (try? known.request).flatMap(hub.cached) != nil
            let columns = [
                known.name, known.repository.description,
                known.revision.map { String($0.prefix(7)) } ?? "newest",
                known.megabytes.map { "\($0) MB" } ?? "", known.licence, known.languages.rawValue,
                isHere ? "here" : "",
            ]
            let widths = [36, 46, 8, 9, 13, 25, 0]
            let line = zip(columns, widths).map { column, width in
                column.padding(toLength: max(width, column.count + 1), withPad: " ", startingAt: 0)
            }.joined()
            try Terminal.write(line: line.trimmingCharacters(in: .whitespaces))
        }
    }
}
