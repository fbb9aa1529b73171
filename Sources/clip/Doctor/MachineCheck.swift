internal import CLIPEngine
internal import CLIPHub
internal import CLIPServer

/// Checks the libraries, memory and limits of this machine.
enum MachineCheck {
    /// The libraries that are loaded, with their versions.
    static func libraries(heicIsAsked: Bool) -> [Finding] {
        let hub = HubLibraries.versions.map { LinkedLibrary(name: $0.name, version: $0.version) }
        var findings = (LinkedLibrary.all + hub).map { Finding("libraries", $0.name, $0.version) }
        if heicIsAsked, !LinkedLibrary.decodesHEIC {
            findings.append(
                Finding(
                    "libraries",
                    "HEIC",
                    "asked for, and libheif has no decoder of it here",
                    .note,
                    "Install libheif's plug-in of libde265, or take heic out of --image-formats (CLIP_IMAGE_FORMATS)."
                )
            )
        }
        return findings
    }

    /// The limit of memory, and how much of it requests and models may have.
    static func memory(_ machine: MachineMemory, _ engine: EngineConfiguration) -> [Finding] {
        let isTooMuch = engine.memoryBudget > machine.limit
        var findings = [
            Finding("memory", "bound", "\(megabytes(machine.limit)), \(machine.bound.rawValue)"),
            Finding(
                "memory",
                "requests",
                "may hold \(megabytes(engine.memoryBudget)) together",
                isTooMuch ? .note : .ok,
                isTooMuch
                    ? "Nothing keeps the system from ending the process: lower --memory-budget (CLIP_MEMORY_BUDGET) below that bound."
                    : nil
            ),
        ]
        if let models = engine.modelMemory {
            let isTooMuch = models > machine.limit
            findings.append(
                Finding(
                    "memory",
                    "models",
                    "may take \(megabytes(models)) together",
                    isTooMuch ? .note : .ok,
                    isTooMuch ? "Lower --model-memory (CLIP_MODEL_MEMORY) below that bound." : nil
                )
            )
        }
        return findings
    }

    /// The limits of open files and connections, and how threads wait.
    static func limits(_ settings: ServeSettings, _ environment: Environment) -> [Finding] {
        let connections = settings.server.maxConnections
        let policy = environment.string("OMP_WAIT_POLICY") ?? "not set"
        let spins = policy.lowercased() != "passive"
        return [
            Finding("limits", "open files", "\(settings.descriptors)"),
            Finding(
                "limits",
                "connections",
                "\(connections)" + (settings.unfitConnections.map { " of \($0) that are asked for" } ?? ""),
                settings.unfitConnections == nil ? .ok : .note,
                settings.unfitConnections == nil
                    ? nil
                    : "Raise the limit of open files (ulimit -n, LimitNOFILE of systemd), or lower --max-connections (CLIP_MAX_CONNECTIONS)."
            ),
            Finding(
                "limits",
                "OMP_WAIT_POLICY",
                policy,
                spins ? .note : .ok,
                spins
                    ? "Threads that wait spin, and take time from others: unset the variable, or set it to passive."
                    : nil
            ),
        ]
    }

    /// A number of bytes for a person.
    static func megabytes(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "less than 1 MB" : "\(bytes / 1_000_000) MB"
    }
}
