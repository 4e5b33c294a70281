/// Every token format that is known by its own beginning.
///
/// Sources are the providers' own pages on token formats and the tokens their consoles hand out; lengths leave some
/// room, because providers change them without a word.
enum TokenShapes {
    private static let digits = "0123456789"
    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let lower = "abcdefghijklmnopqrstuvwxyz"
    private static let hex = ByteSet("0123456789abcdefABCDEF")
    private static let lowerHex = ByteSet("0123456789abcdef")
    private static let base32 = ByteSet(upper + "234567")
    private static let base36 = ByteSet(lower + digits)
    private static let capitals = ByteSet(upper + digits)
    private static let base62 = ByteSet(upper + lower + digits)
    private static let word = ByteSet(upper + lower + digits + "_")
    private static let url = ByteSet(upper + lower + digits + "_-")
    private static let dotted = ByteSet(upper + lower + digits + "_-.")
    private static let base64 = ByteSet(upper + lower + digits + "+/=")
    private static let path = ByteSet(upper + lower + digits + "_-/")

    private static let percent = ByteSet(upper + lower + digits + "%")

    static let all: [TokenShape] = models + clouds + forges + messages + payments + services + packedKeys

    /// `-----BEGIN … PRIVATE KEY` in base 64, as kubeconfig files and variables of build services carry keys.
    private static let packedKeys: [TokenShape] = [
        "LS0tLS1CRUdJTiBQUklWQVRF", "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt", "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0t",
        "LS0tLS1CRUdJTiBEU0EgUFJJVkFURSBLRVkt", "LS0tLS1CRUdJTiBFTkNSWVBURUQgUFJJVkFURSBL",
        "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUg", "LS0tLS1CRUdJTiBQR1AgUFJJVkFURSBLRVkg",
    ].map { TokenShape("private-key", $0, base64, 60...7000, entropy: 4) }

    private static let models: [TokenShape] = [
        TokenShape("anthropic-key", "sk-ant-", url, 40...256),
        TokenShape("openai-key", "sk-proj-", url, 40...256),
        TokenShape("openai-key", "sk-svcacct-", url, 40...256),
        TokenShape("openai-key", "sk-admin-", url, 40...256),
        TokenShape("openai-key", "sess-", base62, 40...40, check: .random),
        TokenShape("openrouter-key", "sk-or-v1-", lowerHex, 64...64),
        TokenShape("secret-key", "sk-", url, 24...128, entropy: 3.5, check: .random, isShared: true),
        TokenShape("google-api-key", "AIza", url, 35...35, entropy: 3.5),
        TokenShape("xai-key", "xai-", base62, 64...128),
        TokenShape("groq-key", "gsk_", base62, 48...64),
        TokenShape("huggingface-token", "hf_", base62, 30...48, entropy: 3.5),
        TokenShape("replicate-token", "r8_", base62, 37...40, entropy: 3.5),
        TokenShape("perplexity-key", "pplx-", base62, 40...64),
    ]

    private static let clouds: [TokenShape] = [
        TokenShape("aws-access-key", "AKIA", base32, 16...16, entropy: 2.8),
        TokenShape("aws-access-key", "ASIA", base32, 16...16, entropy: 2.8),
        TokenShape("aws-access-key", "ABIA", base32, 16...16, entropy: 2.8),
        TokenShape("aws-access-key", "ACCA", base32, 16...16, entropy: 2.8),
        TokenShape("google-oauth-secret", "GOCSPX-", url, 28...28),
        TokenShape("google-oauth-token", "ya29.", url, 60...2048),
        TokenShape("azure-storage-key", "AccountKey=", base64, 86...88, entropy: 4),
        TokenShape("azure-shared-key", "SharedAccessKey=", base64, 43...44, entropy: 4),
        TokenShape("alibaba-access-key", "LTAI", base62, 20...20, entropy: 3.2, check: .random),
        TokenShape("digitalocean-token", "dop_v1_", lowerHex, 64...64),
        TokenShape("digitalocean-token", "doo_v1_", lowerHex, 64...64),
        TokenShape("digitalocean-token", "dor_v1_", lowerHex, 64...64),
        TokenShape("databricks-token", "dapi", lowerHex, 32...32),
        TokenShape("heroku-key", "HRKU-", url, 36...64),
        TokenShape("tailscale-key", "tskey-", url, 24...80),
        TokenShape("vault-token", "hvs.", url, 24...200),
        TokenShape("vault-token", "hvb.", url, 24...200),
        TokenShape("pulumi-token", "pul-", lowerHex, 40...40),
        TokenShape("planetscale-token", "pscale_tkn_", url, 32...64),
        TokenShape("supabase-token", "sbp_", lowerHex, 40...40),
        TokenShape("age-secret-key", "AGE-SECRET-KEY-1", capitals, 58...58),
        TokenShape("fly-token", "fo1_", url, 43...43),
    ]

    private static let forges: [TokenShape] = [
        TokenShape("github-token", "ghp_", base62, 36...255, check: .checksum),
        TokenShape("github-token", "gho_", base62, 36...255, check: .checksum),
        TokenShape("github-token", "ghu_", base62, 36...255, check: .checksum),
        TokenShape("github-token", "ghs_", dotted, 36...1024, check: .checksum),
        TokenShape("github-token", "ghr_", base62, 36...255, check: .checksum),
        TokenShape("github-token", "github_pat_", word, 82...82),
        TokenShape("gitlab-token", "glpat-", dotted, 20...64),
        TokenShape("gitlab-token", "glrt-", dotted, 20...64),
        TokenShape("gitlab-token", "gldt-", dotted, 20...64),
        TokenShape("npm-token", "npm_", base62, 36...36, check: .checksum),
        TokenShape("pypi-token", "pypi-AgEIcHlwaS5vcmc", url, 50...256),
        TokenShape("rubygems-key", "rubygems_", lowerHex, 48...48),
        TokenShape("docker-token", "dckr_pat_", url, 27...27),
        TokenShape("atlassian-token", "ATATT3xFfGF0", ByteSet(upper + lower + digits + "_-="), 100...256),
        TokenShape("sentry-token", "sntryu_", lowerHex, 64...64),
        TokenShape("sentry-token", "sntrys_", ByteSet(upper + lower + digits + "+/=_"), 80...400),
        TokenShape("grafana-token", "glsa_", word, 41...41),
        TokenShape("postman-key", "PMAK-", ByteSet("0123456789abcdef-"), 59...59),
        TokenShape("newrelic-key", "NRAK-", capitals, 27...27),
        TokenShape("linear-key", "lin_api_", base62, 40...40),
        TokenShape("notion-token", "ntn_", base62, 40...52),
        TokenShape("bitbucket-password", "ATBB", base62, 32...36, entropy: 3.5, check: .random),
        TokenShape("figma-token", "figd_", url, 40...64),
    ]

    private static let messages: [TokenShape] = [
        TokenShape("slack-token", "xoxb-", url, 24...120, check: .digits),
        TokenShape("slack-token", "xoxp-", url, 24...120, check: .digits),
        TokenShape("slack-token", "xoxa-", url, 24...120, check: .digits),
        TokenShape("slack-token", "xoxr-", url, 24...120, check: .digits),
        TokenShape("slack-token", "xoxs-", url, 24...120, check: .digits),
        TokenShape("slack-token", "xapp-", url, 24...160, check: .digits),
        TokenShape("slack-webhook", "hooks.slack.com/services/T", path, 30...80, entropy: 3.5),
        TokenShape("discord-webhook", "discord.com/api/webhooks/", path, 70...120, entropy: 3.5),
        TokenShape("telegram-token", ":AA", url, 33...33, entropy: 3.5, check: .digitsBefore),
        TokenShape("sendgrid-key", "SG.", dotted, 60...70, entropy: 4),
        TokenShape("mailchimp-key", "md-", url, 22...22, entropy: 3.5, check: .random),
        TokenShape("mailgun-key", "key-", base36, 32...32, entropy: 3.5, check: .random),
        TokenShape("twitter-token", "AAAAAAAAAAAAAAAAAAAAA", percent, 60...120, entropy: 4, check: .random),
    ]

    private static let payments: [TokenShape] = [
        TokenShape("stripe-key", "sk_live_", base62, 24...120),
        TokenShape("stripe-key", "sk_test_", base62, 24...120),
        TokenShape("stripe-key", "rk_live_", base62, 24...120),
        TokenShape("stripe-key", "rk_test_", base62, 24...120),
        TokenShape("stripe-webhook-secret", "whsec_", base64, 32...64),
        TokenShape("square-token", "sq0atp-", url, 22...22),
        TokenShape("square-token", "sq0csp-", url, 43...43),
        TokenShape("shopify-token", "shpat_", hex, 32...32),
        TokenShape("shopify-token", "shpss_", hex, 32...32),
        TokenShape("shopify-token", "shpca_", hex, 32...32),
        TokenShape("shopify-token", "shppa_", hex, 32...32),
    ]

    private static let services: [TokenShape] = [
        TokenShape("json-web-token", "eyJ", dotted, 50...4096, entropy: 4, check: .webToken),
        TokenShape("mapbox-token", "sk.eyJ", dotted, 60...200, entropy: 4, check: .random),
        TokenShape("dropbox-token", "sl.", url, 100...1500, entropy: 4),
        TokenShape("posthog-key", "phx_", base62, 40...60),
        TokenShape("onepassword-token", "ops_eyJ", base64, 200...2048),
        TokenShape("contentful-token", "CFPAT-", url, 43...43),
        TokenShape("airtable-token", "pat", dotted, 79...79, entropy: 4, check: .random),
    ]
}

extension ByteSet {
    /// The bytes of `characters`.
    init(_ characters: String) {
        self.init()
        for byte in characters.utf8 { insert(byte) }
    }
}
