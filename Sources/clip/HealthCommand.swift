import ArgumentParser
internal import CLIPFiles
internal import CLIPServer

/// `clip health`: asks a server on this machine for its health, for containers and supervisors.
struct HealthCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a server on this machine whether it is ready; ends with 0 if it is.",
        discussion: """
            Asks where `clip serve` listens by the same variables, at the health port if there is one. It ends with \
            \(CommandStatus.answerIsNo.rawValue) where the server says no, and with \(CommandStatus.unavailable.rawValue) where nobody \
            answers.
            """
    )

    @Option(
        help:
            "The address to ask; 127.0.0.1 by default, and where the server listens at all addresses. CLIP_HOST, HOST."
    )
    var host: String?

    @Option(help: "The port to ask; 9001 by default. CLIP_HEALTH_PORT, CLIP_PORT, PORT.")
    var port: Int?

    @Option(help: "Seconds to wait for an answer; 5 by default.")
    var seconds: Double?

    @Flag(help: "Ask whether the process can go on (/healthz), not whether it takes requests (/readiness).")
    var live = false

    func validate() throws {
        if let port, !(1...65535).contains(port) {
            throw ValidationError("--port must be from 1 to 65535, not \(port).")
        }
        if let seconds, !(0.001...86_400).contains(seconds) {
            throw ValidationError("--seconds must be from 0.001 to 86400.")
        }
    }

    func run() throws {
        var environment = Environment()
        let standard = ServerConfiguration()
        let isUsable = { HostName.isAddress($0) }
        let named = host ?? environment.host("CLIP_HOST", "HOST", isUsable: isUsable) ?? standard.host
        let port =
            port ?? environment.port("CLIP_HEALTH_PORT") ?? environment.port("CLIP_PORT", "PORT")
            ?? standard.port
        try environment.requireNoProblems()
        let probe = HealthProbe(
            host: HealthProbe.reachable(named),
            port: port,
            path: live ? "/healthz" : "/readiness",
            timeLimit: .milliseconds(Int64((seconds ?? 5) * 1000))
        )
        let answer: HealthProbe.Answer
        do throws(HealthProbeError) {
            answer = try probe.answer()
        } catch {
            throw CommandFailure("\(error.description.printable)", status: .unavailable)
        }
        guard answer.status == 200 else {
            throw CommandFailure(
                "The server at \(probe.host):\(port) says \(answer.status): \(answer.body.printable)",
                status: .answerIsNo
            )
        }
        try Terminal.write(line: answer.body)
    }
}
