import CLIPEngine
import Testing

@Suite("How many processors a process may use")
struct MachineProcessorsTests {
    private static let files = [
        "/sys/fs/cgroup/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/a/cpu.max": "150000 100000\n",
        "/sys/fs/cgroup/a/b/cpu.max": "200000 100000\n",
        "/sys/fs/cgroup/odd/cpu.max": "150000\n",
        "/sys/fs/cgroup/zero/cpu.max": "0 0\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "50000\n",
        "/sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpu/d/cpu.cfs_quota_us": "50000\n",
    ]

    @Test(
        "The least quota of a control group and those that it lies in counts, in both versions",
        arguments: [
            ("0::/a/b\n", 1.5), ("0::/a\n", 1.5), ("0::/\n", nil), ("", nil), ("nonsense\n0:x", nil),
            ("4:cpu,cpuacct:/c\n3:memory:/a\n", 0.5), ("4:cpu:/\n", nil), ("4:cpu:/d\n", nil),
            ("0::/../../a\n", 1.5), ("0::/odd\n", nil), ("0::/zero\n", nil), ("3:cpuset:/c\n", nil),
            ("2:cpu:/c\n0::/a\n", 0.5),
        ] as [(String, Double?)]
    )
    func quota(groups: String, expected: Double?) {
        #expect(MachineProcessors.quota(groups: groups) { Self.files[$0] } == expected)
    }

    @Test("A container sees its own group as the root, whatever path it is listed under")
    func container() {
        let files = ["/sys/fs/cgroup/cpu.max": "250000 100000"]
        let quota = MachineProcessors.quota(groups: "0::/system.slice/docker-1.scope\n") { files[$0] }
        #expect(quota == 2.5)
    }

    @Test(
        "There are as many threads as cores, or as a quota has time for, and at least one",
        arguments: [
            (4, nil, 4), (4, 8.0, 4), (4, 2.0, 2), (4, 1.5, 2), (4, 0.1, 1), (1, nil, 1), (0, nil, 1),
            (64, 1e300, 64),
        ] as [(Int, Double?, Int)]
    )
    func threads(cores: Int, quota: Double?, expected: Int) {
        #expect(MachineProcessors(cores: cores, quota: quota).threads == expected)
    }

    @Test(
        "Cores are counted that the system lets the process run on",
        arguments: [
            ("Name:\tclip\nCpus_allowed:\t13\nCpus_allowed_list:\t0-1,4\nMems:\t0\n", 3),
            ("Cpus_allowed_list:\t7\n", 1), ("Cpus_allowed_list:\t0-127\n", 128),
            ("Cpus_allowed_list:\t\n", nil), ("Cpus_allowed_list:\tx\n", nil),
            ("Cpus_allowed_list:\t0-\n", 1), ("Cpus_allowed_list:\t4-2\n", nil),
            ("Cpus_allowed_list:\t0-9223372036854775807\n", nil), ("", nil),
        ] as [(String, Int?)]
    )
    func allowed(status: String, expected: Int?) {
        #expect(MachineProcessors.allowedCores(status: status) == expected)
    }
}
