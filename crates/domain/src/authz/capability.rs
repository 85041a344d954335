/// Something that a role can allow: a verb on a kind of resource.
pub trait Capability {
    const RESOURCE: &'static str;
    const VERB: &'static str;
    /// Part of enrolling the current device as an admin.
    const SELF_ENROLMENT: bool = false;
    /// Decides who gets in and what they may do: a browser's session needs a fresh factor for it, since whoever finds
    /// one open could make that lasting.
    const STEP_UP: bool = false;
}

macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident: $resource:literal $verb:literal $($extra:ident)?;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name(());

            impl Capability for $name {
                const RESOURCE: &'static str = $resource;
                const VERB: &'static str = $verb;
                $(const $extra: bool = true;)?
            }
        )+

        /// Every capability: name, resource, verb.
        pub const CAPABILITIES: &[(&str, &str, &str)] = &[$((stringify!($name), $resource, $verb),)+];
    };
}

capabilities! {
    /// Finds a device by id or asset tag.
    FindDevices: "device" "list" SELF_ENROLMENT;
    ListDevices: "device" "list";
    ReadDevice: "device" "read";
    CreateDevice: "device" "create" SELF_ENROLMENT;
    /// Registers many devices at once: no part of enrolling the current one.
    CreateDevices: "device" "create";
    UpdateDevice: "device" "update";
    DeleteDevice: "device" "delete";
    /// Takes what its enrolments were judged by out of the server.
    ExportEvidence: "device" "read";
    CreateEnrollToken: "device" "create_enroll_token" SELF_ENROLMENT;
    /// Says which TPMs may enrol without a token.
    AnnounceTpms: "device" "create_enroll_token";
    RevokeEnrollToken: "device" "create_enroll_token";
    /// What administrators have to decide about devices.
    ListReviews: "device" "list";
    ReadReview: "device" "read";
    /// Decides it: a device gets in that the rules alone would not let in.
    DecideReview: "device" "review" STEP_UP;
    ListUsers: "user" "list";
    ReadUser: "user" "read";
    CreateUser: "user" "create" STEP_UP;
    UpdateUser: "user" "update" STEP_UP;
    DeleteUser: "user" "delete" STEP_UP;
    ListRoles: "role" "list";
    ReadRole: "role" "read";
    CreateRole: "role" "create" STEP_UP;
    UpdateRole: "role" "update" STEP_UP;
    /// Looks at what an update would do.
    ForeseeRole: "role" "update";
    DeleteRole: "role" "delete" STEP_UP;
    ListLocks: "lock" "list";
    ReadLock: "lock" "read";
    CreateLock: "lock" "create";
    DeleteLock: "lock" "delete";
    ReadPreference: "cluster_auth_preference" "read";
    UpdatePreference: "cluster_auth_preference" "update" STEP_UP;
    /// Looks at what an update would do.
    ForeseePreference: "cluster_auth_preference" "update";
    ListSessions: "session" "list";
    DeleteSession: "session" "delete";
    ListEvents: "event" "list";
    ReadStatus: "cluster" "read";
}

/// What belongs to every account; see `Principal::account`.
#[derive(Clone, Copy, Debug)]
pub struct OwnAccount(());
