import ArgumentParser
internal import CLIPEngine
internal import CLIPHub
internal import Foundation

/// `clip doctor`: checks whether a server with these settings could run on this machine, and says what to change if
/// not.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Look at this machine and the settings, and say what keeps a server from serving, and what helps.",
        discussion: """
            Takes the flags and variables of clip serve. It ends with \(CommandStatus.success.rawValue) where a server with these \
            settings can serve, and with \(CommandStatus.answerIsNo.rawValue) where it cannot. Nothing is fetched, and nothing is asked of the hub without --online.
            """
    )

    @OptionGroup var options: ServeOptions

    @Flag(help: "Ask the hub whether it can be reached.")
    var online = false

    @Flag(help: "Print one JSON object instead of a list.")
    var json = false

    mutating func run() async throws {
        var environment = Environment()
        let settings = await options.settings(&environment)
        let models = ModelCheck(settings: settings, environment: environment)
        let processor = try processorFindings(settings.engine)
        var findings = processor
        findings += MachineCheck.libraries(heicIsAsked: settings.engine.imageFormats.contains("heic"))
        findings += MachineCheck.memory(.current, settings.engine)
        findings += MachineCheck.limits(settings, environment)
        findings += settingFindings(settings, environment)
        findings += folders(settings, models)
        findings += NetworkCheck.proxies(environment)
        findings.append(
            await NetworkCheck.hub(settings.hub, asking: online, isNeeded: models.wantsHub)
        )
        findings += models.findings
        // A forward pass is only tried if nothing else is wrong.
        if Diagnosis(findings).canServe { findings += await models.passes() }
        let diagnosis = Diagnosis(findings)
        try Terminal.write(
            line: json ? diagnosis.json : diagnosis.text(inColours: Terminal.outputHasColours(environment))
        )
        if !diagnosis.canServe { throw ExitCode(CommandStatus.answerIsNo.rawValue) }
    }

    private func processorFindings(_ engine: EngineConfiguration) throws -> [Finding] {
        do throws(EmbeddingError) {
            return ProcessorCheck.current.findings(
                native: try Precision.native(),
                asked: engine.precision,
                threads: engine.computeThreads
            )
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Problems that would keep the server from starting, and the warnings that its log would have.
    private func settingFindings(_ settings: ServeSettings, _ environment: Environment) -> [Finding] {
        let findings =
            settings.problems(environment).map {
                Finding("settings", "refused", environment.naming($0.sentence), .problem, nil)
            }
            + NetworkCheck.ports(settings)
            + (environment.notices + settings.warnings).map { Finding("settings", "warning", $0, .note, nil) }
        return findings.isEmpty ? [Finding("settings", "all", "sound")] : findings
    }

    /// The folders for models and packed weights.
    private func folders(_ settings: ServeSettings, _ models: ModelCheck) -> [Finding] {
        let hub = settings.hub.configuration
        let needs = models.wantsHub && !hub.isOffline
        var findings = [
            FolderCheck(hub.cacheDirectory).finding(
                "hub's cache",
                needed: models.bytesToFetch,
                needs ? .problem : .note,
                remedy: "--cache-dir (HF_HUB_CACHE) names another folder."
            )
        ]
        if let packed = settings.engine.packedCacheDirectory {
            findings.append(
                FolderCheck(packed).finding(
                    "packed weights",
                    .note,
                    remedy:
                        "--packed-cache (CLIP_PACKED_CACHE) names another folder; with none nothing is kept."
                )
            )
        } else {
            findings.append(Finding("folders", "packed weights", "not kept"))
        }
        return findings
    }
}
