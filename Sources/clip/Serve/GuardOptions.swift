import ArgumentParser
internal import CLIPFiles
internal import CLIPServer
internal import Foundation

/// The options of `clip serve` that decide which clients are let in.
struct GuardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file of keys, one a line, of which requests have to have one; '#' begins a comment. CLIP_API_KEYS_FILE; CLIP_API_KEYS has keys themselves.",
            valueName: "file"
        )
    )
    var apiKeysFile: String?

    @Option(
        help: ArgumentHelp(
            "A file of keys for requests that load models, let go of them or clear caches. CLIP_MANAGEMENT_KEY_FILE; CLIP_MANAGEMENT_KEY is a key itself.",
            valueName: "file"
        )
    )
    var managementKeyFile: String?

    @Flag(
        inversion: .prefixedNo,
        help:
            "Let whoever reaches the server load models, let go of them and clear caches; by default only this machine may. CLIP_ALLOW_MANAGEMENT."
    )
    var allowManagement: Bool?

    /// Fills in a configuration.
    ///
    /// - Returns: warnings for the log.
    func fill(_ configuration: inout ServerConfiguration, from environment: inout Environment) -> [String] {
        var warnings: [String] = []
        let keys = environment.list(of: ["CLIP_API_KEYS"], given: nil)
        configuration.apiKeys = keys?.value ?? []
        environment.note(nil, ["CLIP_API_KEYS"], keys == nil ? .none : .secret, by: keys?.name)
        let key = environment.first(of: ["CLIP_MANAGEMENT_KEY"])
        if let key {
            configuration.managementKeys = [key.value.trimmingCharacters(in: .whitespacesAndNewlines)]
        }
        environment.note(nil, ["CLIP_MANAGEMENT_KEY"], key == nil ? .none : .secret, by: key?.name)
        var (keysFile, managementFile): (String?, String?)
        environment.fill(&keysFile, "--api-keys-file", apiKeysFile, "CLIP_API_KEYS_FILE")
        environment.fill(
            &managementFile,
            "--management-key-file",
            managementKeyFile,
            "CLIP_MANAGEMENT_KEY_FILE"
        )
        if let keysFile {
            configuration.apiKeys += Self.keys(in: keysFile, "--api-keys-file", &environment, &warnings)
        }
        if let managementFile {
            configuration.managementKeys += Self.keys(
                in: managementFile,
                "--management-key-file",
                &environment,
                &warnings
            )
        }
        environment.fill(
            &configuration.allowsManagement,
            "--allow-management",
            allowManagement,
            "CLIP_ALLOW_MANAGEMENT"
        )
        return warnings
    }

    /// The keys of a file; an empty file is a problem, because it would let every client in.
    private static func keys(
        in file: String,
        _ option: String,
        _ environment: inout Environment,
        _ warnings: inout [String]
    ) -> [String] {
        let bytes: [UInt8]
        do throws(CommandFailure) {
            bytes = try Terminal.contents(of: file, limit: mostBytes)
        } catch {
            environment.problems.append("\(option) '\(file.printable)': \(error)")
            return []
        }
        guard bytes.count <= mostBytes else {
            environment.problems.append("\(option) '\(file.printable)' has more than \(mostBytes) bytes.")
            return []
        }
        // The file is split by bytes, because CR and LF together are one Character.
        let keys = bytes.split { $0 == 0x0A || $0 == 0x0D }
            .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        if keys.isEmpty { environment.problems.append("\(option) '\(file.printable)' has no key in it.") }
        var status = stat()
        if stat(file, &status) == 0, status.st_mode & S_IROTH != 0 {
            let name = file.printable
            warnings.append("everybody on this machine can read \(name); chmod o= '\(name)' mends that")
        }
        return keys
    }

    private static let mostBytes = 1 << 20
}
